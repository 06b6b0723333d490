using System.Text;

namespace VisionMamba.Tensors.Files;

/// <summary>
/// The entries of a zip file with the place of their bytes, which System.IO.Compression does not tell and a memory map
/// needs. Stored entries only, 64-bit sizes included (APPNOTE 6.3.9, sections 4.3.7 to 4.3.16).
/// </summary>
internal static class ZipDirectory
{
    private const uint CentralSignature = 0x02014b50, EndSignature = 0x06054b50, End64Signature = 0x06064b50;
    private const int EndLength = 22, EntryLimit = 1_000_000;

    public static Dictionary<string, (long Offset, long Length)> Read(MappedFile file)
    {
        (long at, long count) = FindDirectory(file);
        if (count > EntryLimit)
            throw new FormatException($"its zip directory claims {count} entries");
        var entries = new Dictionary<string, (long Offset, long Length)>(StringComparer.Ordinal);
        for (long i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> header = Take(file, at, 46);
            if (BitConverter.ToUInt32(header) != CentralSignature)
                throw new FormatException("its zip directory is malformed");
            int method = BitConverter.ToUInt16(header[10..]), nameLength = BitConverter.ToUInt16(header[28..]);
            int extraLength = BitConverter.ToUInt16(header[30..]), commentLength = BitConverter.ToUInt16(header[32..]);
            string name = Encoding.UTF8.GetString(Take(file, at + 46, nameLength));
            ReadOnlySpan<byte> extra = Take(file, at + 46 + nameLength, extraLength);
            (long length, long local) = Sizes(header, extra);
            if (method != 0)
                throw new VisionMambaException($"{file.Path}: the entry {name} is compressed, which torch.save never does; save it again");
            if (!entries.TryAdd(name, Locate(file, name, local, length)))
                throw new FormatException($"its zip directory lists {name} twice");
            at += 46 + nameLength + extraLength + commentLength;
        }

        return entries;
    }

    private static (long At, long Count) FindDirectory(MappedFile file)
    {
        // The end record is followed by a comment of at most 65,535 bytes.
        for (long at = file.Length - EndLength; at >= Math.Max(0, file.Length - EndLength - 65535); at--)
        {
            ReadOnlySpan<byte> end = Take(file, at, EndLength);
            if (BitConverter.ToUInt32(end) != EndSignature)
                continue;
            long count = BitConverter.ToUInt16(end[10..]), start = BitConverter.ToUInt32(end[16..]);
            return count == 0xFFFF || start == 0xFFFFFFFF ? FindDirectory64(file, at) : (start, count);
        }

        throw new FormatException("its zip directory is missing: the file is probably cut short");
    }

    private static (long At, long Count) FindDirectory64(MappedFile file, long end)
    {
        long record = checked((long)BitConverter.ToUInt64(Take(file, end - 20 + 8, 8)));
        ReadOnlySpan<byte> header = Take(file, record, 56);
        if (BitConverter.ToUInt32(header) != End64Signature)
            throw new FormatException("its 64-bit zip directory is malformed");
        return (checked((long)BitConverter.ToUInt64(header[48..])), checked((long)BitConverter.ToUInt64(header[32..])));
    }

    /// <summary>Uncompressed length and local header offset, from the 64-bit extra field where the header says so.</summary>
    private static (long Length, long Local) Sizes(ReadOnlySpan<byte> header, ReadOnlySpan<byte> extra)
    {
        long stored = BitConverter.ToUInt32(header[20..]), length = BitConverter.ToUInt32(header[24..]);
        long local = BitConverter.ToUInt32(header[42..]);
        for (int i = 0; i + 4 <= extra.Length; i += 4 + BitConverter.ToUInt16(extra[(i + 2)..]))
        {
            if (BitConverter.ToUInt16(extra[i..]) != 1)
                continue;
            ReadOnlySpan<byte> field = extra[(i + 4)..];
            int next = 0;
            if (length == 0xFFFFFFFF)
                length = Next(field, ref next);
            if (stored == 0xFFFFFFFF)
                next += 8;
            if (local == 0xFFFFFFFF)
                local = Next(field, ref next);
        }

        return (length, local);
    }

    private static long Next(ReadOnlySpan<byte> field, ref int at)
    {
        if (at + 8 > field.Length)
            throw new FormatException("its 64-bit zip fields are malformed");
        at += 8;
        return checked((long)BitConverter.ToUInt64(field[(at - 8)..]));
    }

    private static (long Offset, long Length) Locate(MappedFile file, string name, long local, long length)
    {
        ReadOnlySpan<byte> header = Take(file, local, 30);
        if (!header.StartsWith("PK\u0003\u0004"u8))
            throw new FormatException($"the zip entry {name} is malformed");
        long offset = local + 30 + BitConverter.ToUInt16(header[26..]) + BitConverter.ToUInt16(header[28..]);
        return length >= 0 && offset <= file.Length - length
            ? (offset, length)
            : throw new FormatException($"the zip entry {name} reaches beyond the file");
    }

    private static ReadOnlySpan<byte> Take(MappedFile file, long at, int count) =>
        at >= 0 && at <= file.Length - count ? file.Bytes(at, count) : throw new FormatException("its zip directory is cut short");
}
