using System.Text;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Tests.Files;

/// <summary>
/// Files made to break a reader: each must end in one line that names the file, quickly and without much memory.
/// </summary>
public class HostileFileTests
{
    private const long MaxAllocated = 64 << 20;

    private static readonly byte[] EndMark = "PK\u0005\u0006"u8.ToArray();
    private static readonly (string, byte[]) Data = ("data/0", PickleWriter.Floats(1, 2, 3, 4));

    public static TheoryData<string, string> Headers => new()
    {
        { "not json", "{nonsense" },
        { "array", "{\"a\":[]}" },
        { "cut", "{\"a\":{\"dtype\":\"F32\"" },
        { "no dtype", "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}" },
        { "no shape", "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}" },
        { "no offsets", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}" },
        { "one offset", "{" + Entry("a", "F32", "[1]", "[0]") + "}" },
        { "unknown type", "{" + Entry("a", "F8", "[4]", "[0,4]") + "}" },
        { "wrong size", "{" + Entry("a", "F32", "[2]", "[0,4]") + "}" },
        { "half a number", "{" + Entry("a", "F32", "[0]", "[0,3]") + "}" },
        { "negative size", "{" + Entry("a", "F32", "[-1,-1]", "[0,4]") + "}" },
        { "overflow", "{" + Entry("a", "F32", "[2147483647,2147483647,2147483647,0]", "[0,0]") + "}" },
        { "wraps to 1", "{" + Entry("a", "U8", "[4294967296,4294967296,1]", "[0,0]") + "}" },
        { "fraction", "{" + Entry("a", "F32", "[1.5]", "[0,4]") + "}" },
        { "too large for 64 bits", "{" + Entry("a", "F32", "[1e99]", "[0,4]") + "}" },
        { "negative offset", "{" + Entry("a", "F32", "[1]", "[-4,0]") + "}" },
        { "backwards", "{" + Entry("a", "F32", "[1]", "[4,0]") + "}" },
        { "outside", "{" + Entry("a", "F32", "[2]", "[0,8]") + "}" },
        { "far outside", "{" + Entry("a", "U8", "[1]", "[9223372036854775806,9223372036854775807]") + "}" },
        { "trailing data", "{}" },
        { "a gap", "{" + Entry("a", "U8", "[2]", "[2,4]") + "}" },
        {
            "overlap", "{" + Entry("a", "U8", "[3]", "[0,3]") + "," + Entry("b", "U8", "[2]", "[2,4]") + "}"
        },
        {
            "the same name", "{" + Entry("a", "U8", "[2]", "[0,2]") + "," + Entry("a", "U8", "[2]", "[2,4]") + "}"
        },
        { "metadata of numbers", "{\"__metadata__\":{\"a\":1}," + Entry("a", "F32", "[1]", "[0,4]") + "}" },
        { "two headers", "{" + Entry("a", "F32", "[1]", "[0,4]") + "}{}" },
        { "deep", "{\"a\":" + string.Concat(Enumerable.Repeat("[", 100_000)) },
        { "bad escape", "{\"\\ud800\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}" },
        { "line break in a name", "{\"a\\nb\":{\"dtype\":\"F99\",\"shape\":[1],\"data_offsets\":[0,4]}}" },
        { "many sizes", "{" + Entry("a", "F32", $"[1{string.Concat(Enumerable.Repeat(",1", 99))}]", "[0,4]") + "}" },
    };

    public static TheoryData<string, byte[]> Pickles => new()
    {
        { "empty", [] },
        { "no stop", new PickleWriter().Op('}').Bytes },
        { "stop on nothing", new PickleWriter().Stop() },
        { "pop on nothing", new PickleWriter().Op('0', '0').Stop() },
        { "mark missing", new PickleWriter().Op('t').Stop() },
        { "below the mark", new PickleWriter().Op('}').Text("a").Op('(').Text("b").Op('s').Stop() },
        { "unknown instruction", new PickleWriter().Op('\u00ff').Stop() },
        { "extension", new PickleWriter().Op('\u0082', '\u0001').Stop() },
        { "protocol 9", new PickleWriter().Raw([0x80, 9]).Op('N').Stop() },
        { "huge text", new PickleWriter().Op('X').U32(uint.MaxValue).Stop() },
        { "huge text of 64 bits", new PickleWriter().Raw([0x8d, 255, 255, 255, 255, 255, 255, 255, 255]).Stop() },
        { "huge bytes", new PickleWriter().Raw([0x8e, 0, 0, 0, 0, 0, 0, 0, 0x7f]).Stop() },
        { "negative length", new PickleWriter().Op('T').U32(0x80000000).Stop() },
        { "huge integer", new PickleWriter().Raw([0x8b]).U32(2000).Raw(new byte[2000]).Stop() },
        { "long digits", new PickleWriter().Op('I').Op(Repeat('9', 100_000)).Op('\n').Stop() },
        { "bad digits", new PickleWriter().Op('I').Raw("1x\n"u8).Stop() },
        { "frame outside", new PickleWriter().Raw([0x95, 255, 0, 0, 0, 0, 0, 0, 0]).Op('N').Stop() },
        { "memo bomb", new PickleWriter().Op('N', 'r').U32(2_000_000_000).Stop() },
        { "smaller memo bomb", new PickleWriter().Op('N', 'r').U32(20_000_000).Stop() },
        { "memo of nothing", new PickleWriter().Op('h', '\u0005').Stop() },
        { "line without end", new PickleWriter().Op('c').Raw("os"u8).Bytes },
        { "calls a number", new PickleWriter().Int(1).Op(')', 'R').Stop() },
        { "appends to None", new PickleWriter().Op('N').Int(1).Op('a').Stop() },
        { "odd items", new PickleWriter().Op('}', '(').Int(1).Op('u').Stop() },
        { "recursion of tuples", new PickleWriter().Op(')').Op(Repeat('\u0085', 1_000_000)).Stop() },
        { "recursion of lists", new PickleWriter().Op(Repeat(']', 100_000)).Op(Repeat('a', 99_999)).Stop() },
        { "too many values", new PickleWriter().Op('(').Op(Repeat('K', 12_000_000)).Stop() },
        { "negative size", PickleWriter.OneTensor("FloatStorage", 4, 0, [-4], [1]) },
        { "two negative sizes", PickleWriter.OneTensor("FloatStorage", 4, 0, [-2, -2], [2, 1]) },
        { "negative stride", PickleWriter.OneTensor("FloatStorage", 4, 3, [4], [-1]) },
        { "negative offset", PickleWriter.OneTensor("FloatStorage", 4, -1, [4], [1]) },
        { "offset outside", PickleWriter.OneTensor("FloatStorage", 4, 5, [0], [1]) },
        { "end outside", PickleWriter.OneTensor("FloatStorage", 4, 1, [4], [1]) },
        { "stride outside", PickleWriter.OneTensor("FloatStorage", 4, 0, [2], [4]) },
        { "stride overflows", PickleWriter.OneTensor("FloatStorage", 4, 1, [3, 3], [long.MaxValue, long.MaxValue]) },
        { "size overflows", PickleWriter.OneTensor("FloatStorage", 4, 0, [1 << 30, 1 << 30, 1 << 30], [0, 0, 0]) },
        { "size wraps", PickleWriter.OneTensor("FloatStorage", 4, 0, [1L << 32, 1L << 32], [0, 0]) },
        { "expanded to all memory", PickleWriter.OneTensor("FloatStorage", 4, 0, [1 << 30], [0]) },
        { "strides missing", PickleWriter.OneTensor("FloatStorage", 4, 0, [2, 2], [1]) },
        { "storage claims more", PickleWriter.OneTensor("FloatStorage", 5, 0, [1], [1]) },
        { "storage claims all", PickleWriter.OneTensor("DoubleStorage", long.MaxValue, 0, [1], [1]) },
        { "storage claims less than 0", PickleWriter.OneTensor("FloatStorage", -1, 0, [1], [1]) },
        { "complex weights", new PickleWriter().Op('}').Text("v").Tensor("FloatStorage", "0", 4, 0, [1], [1]).Op('s')
            .Text("w").Tensor("ComplexFloatStorage", "0", 1, 0, [1], [1]).Op('s').Stop() },
        { "another storage", new PickleWriter().Storage("FloatStorage", "../1", 1).Stop() },
    };

    public static TheoryData<string, byte[]> Others => new()
    {
        { "one byte", [1] },
        { "eight bytes", new byte[8] },
        { "zeros", new byte[1000] },
        { "text", Encoding.ASCII.GetBytes(new string('x', 1000)) },
        { "web page", "<!DOCTYPE html><html></html>"u8.ToArray() },
        { "pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:00"u8.ToArray() },
        { "bare pickle", [0x80, 4, (byte)'N', (byte)'.'] },
        { "length of all bits", [255, 255, 255, 255, 255, 255, 255, 255, (byte)'{', (byte)'}'] },
        { "length beyond", [200, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}'] },
        { "length of zero", [0, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}'] },
        { "zip mark alone", "PK\u0003\u0004"u8.ToArray() },
        { "empty zip", [.. EndMark, .. new byte[18]] },
        { "zip with a far directory", [.. EndMark, 0, 0, 0, 0, 1, 0, 1, 0, 46, 0, 0, 0, 255, 255, 0, 0, 0, 0] },
        { "zip64 without its record", [.. EndMark, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] },
        { "zip of something else", [.. PickleWriter.Archive([], Data).Select(Rename)] },
    };

    [Theory]
    [MemberData(nameof(Headers), DisableDiscoveryEnumeration = true)]
    public void Safetensors(string what, string header)
    {
        string message = Refuses(what, SafetensorsTests.Safetensors(header, 1, 2, 3, 4));
        // The four bytes of data must not be what the other cases stumble over.
        Assert.Equal(what is "trailing data" or "a gap", message.Contains("belong to nothing"));
    }

    [Theory]
    [MemberData(nameof(Pickles), DisableDiscoveryEnumeration = true)]
    public void PicklesAreRefused(string what, byte[] pickle) => Refuses(what, PickleWriter.Archive(pickle, Data));

    [Theory]
    [MemberData(nameof(Others), DisableDiscoveryEnumeration = true)]
    public void OtherFiles(string what, byte[] bytes) => Refuses(what, bytes);

    [Fact]
    public void MissingFolderEmptyAndLegacy()
    {
        using var folder = new TestFolder();
        Refuses(folder["missing"], "no such file");
        Refuses("", "cannot be opened");
        Refuses(folder.Root, "folder");
        Refuses(folder.Put([]), "empty");
        Refuses(TestFolder.Fixture("legacy.pth"), "_use_new_zipfile_serialization=True");
    }

    [Fact]
    public void EncryptedAndTwiceNamedEntries()
    {
        byte[] good = PickleWriter.Archive(PickleWriter.OneTensor("FloatStorage", 4, 0, [4], [1]), Data);
        int central = good.AsSpan().IndexOf("PK\u0001\u0002"u8);
        byte[] bad = [.. good];
        bad[central + 8] |= 1;
        Refuses("encrypted", bad);
        bad = [.. good];
        bad[central + 10] = 14;
        Refuses("another compression", bad);
        bad = PickleWriter.Archive(PickleWriter.OneTensor("FloatStorage", 4, 0, [4], [1]), Data, Data);
        Refuses("twice", bad);
    }

    [Fact]
    public void EveryTruncationIsRefused()
    {
        byte[] torch = PickleWriter.Archive(PickleWriter.OneTensor("FloatStorage", 4, 0, [4], [1]), Data);
        byte[] safetensors = SafetensorsTests.Safetensors(
            """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", PickleWriter.Floats(1, 2));
        using var folder = new TestFolder();
        foreach (byte[] whole in new[] { torch, safetensors })
        {
            TensorFile.Open(folder.Put(whole)).Dispose();
            for (int length = 0; length < whole.Length; length++)
                Refuses(folder.Put(whole[..length]), "case.bin");
        }
    }

    internal static string Refuses(string path, string says)
    {
        var error = Assert.Throws<VisionMambaException>(() => TensorFile.Open(path));
        Assert.StartsWith(path, error.Message);
        Assert.Contains(says, error.Message);
        Assert.DoesNotContain('\n', error.Message);
        return error.Message;
    }

    private static string Refuses(string what, byte[] bytes)
    {
        using var folder = new TestFolder();
        string path = folder.Put(bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        string message = Refuses(path, "; ");
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < MaxAllocated + 40L * bytes.Length, $"{what}: allocated {allocated} bytes");
        return message;
    }

    private static string Entry(string name, string type, string shape, string offsets) =>
        $"\"{name}\":{{\"dtype\":\"{type}\",\"shape\":{shape},\"data_offsets\":{offsets}}}";

    private static char[] Repeat(char code, int count) => [.. Enumerable.Repeat(code, count)];

    private static byte Rename(byte value) => value == (byte)'.' ? (byte)'-' : value;
}
