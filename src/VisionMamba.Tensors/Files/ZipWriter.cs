using System.Text;

namespace VisionMamba.Tensors.Files;

/// <summary>
/// Writes an archive of stored entries whose data start at multiples of 64 bytes, padded in the extra field as torch
/// does, so that a reader can map them. Format: PKWARE APPNOTE 6.3; zip64 fields only where a number needs them.
/// </summary>
internal sealed class ZipWriter
{
    private const int Alignment = 64, LocalLength = 30, ChecksumAt = 14;
    private const ushort Utf8Names = 0x0800, FirstOfJanuary1980 = 0x21, PlainVersion = 20, WideVersion = 45;
    private const ushort WideExtra = 1, PaddingExtra = 0x4246;

    private readonly Stream _stream;
    private readonly long _wide;
    private readonly List<Entry> _entries = [];

    /// <summary>
    /// Writes to <paramref name="stream"/>, which can seek, from its start. Sizes and places of
    /// <paramref name="wide"/> or more are written in zip64 fields; less than the default is for tests.
    /// </summary>
    public ZipWriter(Stream stream, long wide = uint.MaxValue)
    {
        _stream = stream;
        _wide = wide;
    }

    /// <summary>
    /// Adds an entry of exactly <paramref name="length"/> bytes, which <paramref name="write"/> delivers.
    /// </summary>
    public void Add(string name, long length, Action<ByteSink> write)
    {
        byte[] path = Encoding.UTF8.GetBytes(name);
        long start = _stream.Position;
        _stream.Write(LocalHeader(path, length, start));
        uint checksum = 0;
        long written = 0;
        write(bytes =>
        {
            checksum = Crc32.Add(checksum, bytes);
            written += bytes.Length;
            _stream.Write(bytes);
        });
        if (written != length)
            throw new InvalidOperationException($"{name}: {written} bytes were written, {length} announced");
        long end = _stream.Position;
        _stream.Position = start + ChecksumAt;
        _stream.Write(BitConverter.GetBytes(BitConverter.IsLittleEndian ? checksum : Reversed(checksum)));
        _stream.Position = end;
        _entries.Add(new Entry(path, length, start, checksum));
    }

    /// <summary>Adds an entry.</summary>
    public void Add(string name, byte[] contents) => Add(name, contents.Length, sink => sink(contents));

    /// <summary>Writes the directory, after the last entry.</summary>
    public void Finish()
    {
        long start = _stream.Position;
        foreach (Entry entry in _entries)
            _stream.Write(CentralRecord(entry));
        long length = _stream.Position - start;
        bool wide = _entries.Count >= ushort.MaxValue || start >= _wide || length >= _wide;
        if (wide)
            _stream.Write(WideEnd(start, length));
        _stream.Write(new Record().U32(0x06054b50).U16(0).U16(0)
            .U16(wide ? ushort.MaxValue : _entries.Count).U16(wide ? ushort.MaxValue : _entries.Count)
            .U32(wide ? uint.MaxValue : length).U32(wide ? uint.MaxValue : start).U16(0).ToArray());
    }

    private static uint Reversed(uint value) => System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(value);

    private byte[] LocalHeader(byte[] path, long length, long start)
    {
        bool wide = length >= _wide;
        var extra = new Record();
        if (wide)
            extra.U16(WideExtra).U16(16).I64(length).I64(length);
        long data = start + LocalLength + path.Length + extra.Length + 4;
        int padding = (int)((Alignment - (data % Alignment)) % Alignment);
        extra.U16(PaddingExtra).U16(padding).Bytes([.. Enumerable.Repeat((byte)'Z', padding)]);
        long shown = wide ? uint.MaxValue : length;
        return new Record().U32(0x04034b50).U16(wide ? WideVersion : PlainVersion).U16(Utf8Names).U16(0)
            .U16(0).U16(FirstOfJanuary1980).U32(0).U32(shown).U32(shown).U16(path.Length).U16(extra.Length)
            .Bytes(path).Bytes(extra.ToArray()).ToArray();
    }

    private byte[] CentralRecord(Entry entry)
    {
        bool large = entry.Length >= _wide, far = entry.Start >= _wide;
        var extra = new Record();
        if (large || far)
            extra.U16(WideExtra).U16((large ? 16 : 0) + (far ? 8 : 0));
        if (large)
            extra.I64(entry.Length).I64(entry.Length);
        if (far)
            extra.I64(entry.Start);
        int version = large || far ? WideVersion : PlainVersion;
        long shown = large ? uint.MaxValue : entry.Length;
        return new Record().U32(0x02014b50).U16(version).U16(version).U16(Utf8Names).U16(0)
            .U16(0).U16(FirstOfJanuary1980).U32(entry.Checksum).U32(shown).U32(shown)
            .U16(entry.Path.Length).U16(extra.Length).U16(0).U16(0).U16(0).U32(0)
            .U32(far ? uint.MaxValue : entry.Start).Bytes(entry.Path).Bytes(extra.ToArray()).ToArray();
    }

    private byte[] WideEnd(long start, long length)
    {
        long at = start + length;
        return new Record().U32(0x06064b50).I64(44).U16(WideVersion).U16(WideVersion).U32(0).U32(0)
            .I64(_entries.Count).I64(_entries.Count).I64(length).I64(start)
            .U32(0x07064b50).U32(0).I64(at).U32(1).ToArray();
    }

    private sealed record Entry(byte[] Path, long Length, long Start, uint Checksum);

    /// <summary>Little-endian fields one after the other.</summary>
    private sealed class Record
    {
        private readonly List<byte> _bytes = [];

        public int Length => _bytes.Count;

        public Record U16(int value) => Number(value, 2);

        public Record U32(long value) => Number(value, 4);

        public Record I64(long value) => Number(value, 8);

        public Record Bytes(byte[] bytes)
        {
            _bytes.AddRange(bytes);
            return this;
        }

        public byte[] ToArray() => [.. _bytes];

        private Record Number(long value, int size)
        {
            for (int i = 0; i < size; i++)
                _bytes.Add((byte)(value >> (8 * i)));
            return this;
        }
    }
}
