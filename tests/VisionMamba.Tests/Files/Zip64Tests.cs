using System.Text;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Tests.Files;

/// <summary>
/// An archive whose every size and offset is in 64-bit fields, as it is beyond 4 GB, written out by hand.
/// </summary>
public sealed class Zip64Tests : IDisposable
{
    private readonly MemoryStream _archive = new();
    private readonly MemoryStream _directory = new();

    [Theory]
    [InlineData(0, true)]
    [InlineData(-4, false)]
    [InlineData(1000, false)]
    [InlineData(-1, false)]
    [InlineData(long.MaxValue / 2, false)]
    public void LargeFieldsAreReadAndChecked(long lie, bool opens)
    {
        byte[] pickle = PickleWriter.OneTensor("FloatStorage", 2, 0, [2], [1]);
        Add("m/data.pkl", pickle, 0);
        Add("m/data/0", PickleWriter.Floats(1.5f, -2), lie);
        using var folder = new TestFolder();
        string path = folder.Put(Finish(entries: 2));
        if (opens)
        {
            using TensorFile file = TensorFile.Open(path);
            Assert.Equal([1.5f, -2f], file.Tensors["w"].ToTensor().Span.ToArray());
        }
        else
        {
            HostileFileTests.Refuses(path, "; ");
        }
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    [InlineData(3)]
    public void ADirectoryOfTooManyEntriesIsRefused(long entries)
    {
        Add("m/data.pkl", new PickleWriter().Op('N').Stop(), 0);
        using var folder = new TestFolder();
        HostileFileTests.Refuses(folder.Put(Finish(entries)), "directory");
    }

    public void Dispose()
    {
        _archive.Dispose();
        _directory.Dispose();
    }

    private void Add(string name, byte[] bytes, long lie)
    {
        byte[] text = Encoding.UTF8.GetBytes(name);
        long at = _archive.Length;
        using var local = new BinaryWriter(_archive, Encoding.UTF8, leaveOpen: true);
        local.Write("PK\u0003\u0004"u8);
        local.Write([45, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        local.Write(ulong.MaxValue); // both sizes are in the extra field
        local.Write((short)text.Length);
        local.Write((short)20);
        local.Write(text);
        local.Write([1, 0, 16, 0]);
        local.Write((long)bytes.Length);
        local.Write((long)bytes.Length);
        local.Write(bytes);
        using var central = new BinaryWriter(_directory, Encoding.UTF8, leaveOpen: true);
        central.Write("PK\u0001\u0002"u8);
        central.Write([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        central.Write(ulong.MaxValue);
        central.Write((short)text.Length);
        central.Write([36, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]); // 8 bytes of another extra field stand first
        central.Write(uint.MaxValue);
        central.Write(text);
        central.Write([0x46, 0x42, 4, 0, 0, 0, 0, 0, 1, 0, 24, 0]);
        central.Write(bytes.Length + lie);
        central.Write(bytes.Length + lie);
        central.Write(at);
    }

    private byte[] Finish(long entries)
    {
        long directory = _archive.Length, end = directory + _directory.Length;
        using var writer = new BinaryWriter(_archive, Encoding.UTF8, leaveOpen: true);
        writer.Write(_directory.ToArray());
        writer.Write("PK\u0006\u0006"u8);
        writer.Write(44L);
        writer.Write([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        writer.Write(entries);
        writer.Write(entries);
        writer.Write(end - directory);
        writer.Write(directory);
        writer.Write("PK\u0006\u0007"u8);
        writer.Write(0);
        writer.Write(end);
        writer.Write(1);
        writer.Write("PK\u0005\u0006"u8);
        writer.Write(0);
        writer.Write(uint.MaxValue); // both counts
        writer.Write(ulong.MaxValue); // size and offset
        writer.Write((short)0);
        writer.Flush();
        return _archive.ToArray();
    }
}
