using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace VisionMamba.Tests.Files;

/// <summary>Writes pickle instructions one by one, honest or not, and wraps them into a torch archive.</summary>
internal sealed class PickleWriter
{
    private readonly List<byte> _bytes = [];

    public PickleWriter() => Raw([0x80, 2]);

    public byte[] Stop() => Raw("."u8).Bytes;

    public byte[] Bytes => [.. _bytes];

    public PickleWriter Raw(ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public PickleWriter Op(params ReadOnlySpan<char> codes)
    {
        foreach (char code in codes)
            _bytes.Add((byte)code);
        return this;
    }

    public PickleWriter Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        return Op('X').U32((uint)utf8.Length).Raw(utf8);
    }

    public PickleWriter Int(long value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return Raw([0x8a, 8]).Raw(bytes);
    }

    public PickleWriter U32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return Raw(bytes);
    }

    public PickleWriter Global(string module, string name) => Raw(Encoding.UTF8.GetBytes($"c{module}\n{name}\n"));

    public PickleWriter Ints(params ReadOnlySpan<long> values)
    {
        Op('(');
        foreach (long value in values)
            Int(value);
        return Op('t');
    }

    public PickleWriter Storage(string kind, string key, long count) => Op('(')
        .Text("storage").Global("torch", kind).Text(key).Text("cpu").Int(count).Op('t', 'Q');

    /// <summary>_rebuild_tensor_v2 over a storage.</summary>
    public PickleWriter Tensor(
        string kind, string key, long count, long offset, long[] sizes, long[] strides) =>
        Global("torch._utils", "_rebuild_tensor_v2").Op('(').Storage(kind, key, count)
            .Int(offset).Ints(sizes).Ints(strides).Op('\u0089').Global("collections", "OrderedDict").Op(')', 'R')
            .Op('t', 'R');

    /// <summary>A root dict with one float tensor "w" over storage "0" of 4 numbers.</summary>
    public static byte[] OneTensor(string kind, long count, long offset, long[] sizes, long[] strides) =>
        new PickleWriter().Op('}').Text("w").Tensor(kind, "0", count, offset, sizes, strides).Op('s').Stop();

    public static byte[] Floats(params ReadOnlySpan<float> values)
    {
        byte[] bytes = new byte[values.Length * 4];
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), values[i]);
        return bytes;
    }

    public static byte[] Archive(byte[] pickle, params ReadOnlySpan<(string Name, byte[] Bytes)> entries) =>
        Archive(CompressionLevel.NoCompression, pickle, entries);

    public static byte[] Archive(
        CompressionLevel level, byte[] pickle, params ReadOnlySpan<(string Name, byte[] Bytes)> entries)
    {
        var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add(zip, "m/data.pkl", pickle, level);
            foreach ((string name, byte[] bytes) in entries)
                Add(zip, "m/" + name, bytes, level);
        }

        return stream.ToArray();
    }

    private static void Add(ZipArchive zip, string name, byte[] bytes, CompressionLevel level)
    {
        using Stream entry = zip.CreateEntry(name, level).Open();
        entry.Write(bytes);
    }
}
