using System.Buffers.Binary;
using System.Text;

namespace VisionMamba.Tensors.Files;

/// <summary>
/// The entries of a mapped zip archive with the places of their bytes, which System.IO.Compression does not tell.
/// Format: PKWARE APPNOTE 6.3, sections 4.3.6-4.3.16 (zip64 included; no encryption, no parts).
/// Checksums are not compared: torch may be told to write none, and reads without looking at them.
/// </summary>
internal sealed class ZipDirectory
{
    private const uint LocalMark = 0x04034b50, CentralMark = 0x02014b50, EndMark = 0x06054b50;
    private const uint End64Mark = 0x06064b50, Locator64Mark = 0x07064b50;
    private const int EndLength = 22, CentralLength = 46, LocalLength = 30, End64Length = 56, Locator64Length = 20;

    /// <summary>Deflate cannot shrink by more than this, so a larger claim is a lie.</summary>
    private const long MaxRatio = 1032;

    private readonly MappedFile _file;
    private readonly FileFaults _faults;
    private readonly Dictionary<string, ByteBlock> _entries = new(StringComparer.Ordinal);
    private long _start;

    private ZipDirectory(MappedFile file, FileFaults faults)
    {
        _file = file;
        _faults = faults;
    }

    public IReadOnlyDictionary<string, ByteBlock> Entries => _entries;

    public static ZipDirectory Read(MappedFile file, FileFaults faults)
    {
        var zip = new ZipDirectory(file, faults);
        (long offset, long length, long count) = zip.FindDirectory();
        if (!file.Holds(offset, length) || count < 0 || count > length / CentralLength)
            throw zip.BadDirectory();
        zip._start = offset;
        long end = offset + length;
        for (long i = 0; i < count; i++)
            offset = zip.ReadEntry(offset, end);
        return zip;
    }

    private VisionMambaException BadDirectory() => _faults.Damaged("the zip archive's directory cannot be read");

    private (long Offset, long Length, long Count) FindDirectory()
    {
        long at = FindEnd();
        ReadOnlySpan<byte> end = Bytes(at, EndLength);
        long offset = U32(end, 16), length = U32(end, 12), count = U16(end, 10), disks = U16(end, 4) | U16(end, 6);
        bool large = offset == uint.MaxValue || length == uint.MaxValue || count == ushort.MaxValue;
        // torch writes the zip64 records always, and then the 32-bit fields may hold either form.
        if (at >= Locator64Length && U32(Bytes(at - Locator64Length, 4), 0) == Locator64Mark)
        {
            long at64 = I64(Bytes(at - Locator64Length, Locator64Length), 8);
            ReadOnlySpan<byte> end64 = Bytes(at64, End64Length);
            if (U32(end64, 0) != End64Mark)
                throw BadDirectory();
            return (I64(end64, 48), I64(end64, 40), I64(end64, 32));
        }

        if (large || disks != 0)
            throw BadDirectory();
        return (offset, length, count);
    }

    private long FindEnd()
    {
        long first = Math.Max(0, _file.Length - EndLength - ushort.MaxValue);
        for (long at = _file.Length - EndLength; at >= first; at--)
        {
            ReadOnlySpan<byte> end = _file.Bytes(at, EndLength);
            if (U32(end, 0) == EndMark && at + EndLength + U16(end, 20) == _file.Length)
                return at;
        }

        throw _faults.Damaged("the zip archive has no directory at its end");
    }

    /// <summary>Reads the record at <paramref name="at"/>; returns where the next one starts.</summary>
    private long ReadEntry(long at, long end)
    {
        if (at > end - CentralLength)
            throw BadDirectory();
        ReadOnlySpan<byte> record = Bytes(at, CentralLength);
        int nameLength = U16(record, 28), extraLength = U16(record, 30);
        long next = at + CentralLength + nameLength + extraLength + U16(record, 32);
        if (U32(record, 0) != CentralMark || next > end)
            throw BadDirectory();
        string name = Encoding.UTF8.GetString(Bytes(at + CentralLength, nameLength));
        long packed = U32(record, 20), length = U32(record, 24), local = U32(record, 42);
        Widen(Bytes(at + CentralLength + nameLength, extraLength), ref length, ref packed, ref local);
        if ((U16(record, 8) & 1) != 0)
            throw _faults.Refused($"the archive entry {FileFaults.Show(name)} is encrypted", "save it with torch.save");
        ByteBlock block = Locate(name, U16(record, 10), local, packed, length);
        if (!_entries.TryAdd(name, block))
            throw _faults.Damaged($"the archive entry {FileFaults.Show(name)} is there twice");
        return next;
    }

    private ByteBlock Locate(string name, int method, long local, long packed, long length)
    {
        ReadOnlySpan<byte> header = Bytes(local, LocalLength);
        if (U32(header, 0) != LocalMark)
            throw BadDirectory();
        // The local extra field has its own length: torch pads there so that the data starts at a multiple of 64.
        long data = local + LocalLength + U16(header, 26) + U16(header, 28);
        string shown = FileFaults.Show(name);
        if (!_file.Holds(data, packed) || data + packed > _start)
            throw _faults.Damaged($"the archive entry {shown} reaches beyond the entries");
        bool stored = method == 0;
        if (!stored && method != 8)
            throw _faults.Refused($"the archive entry {shown} has compression method {method}", "use torch.save");
        if (stored ? length != packed : length < 0 || length / MaxRatio > packed)
            throw _faults.Damaged($"the archive entry {shown} states an impossible size");
        return new ByteBlock(_file, data, packed, length, !stored, _faults);
    }

    /// <summary>
    /// Takes the fields that did not fit 32 bits from the zip64 extra field (id 1), in the order of the format.
    /// </summary>
    private void Widen(ReadOnlySpan<byte> extra, ref long length, ref long packed, ref long local)
    {
        while (extra.Length >= 4)
        {
            int id = U16(extra, 0), size = U16(extra, 2);
            extra = extra[4..];
            if (size > extra.Length)
                throw BadDirectory();
            if (id == 1)
            {
                ReadOnlySpan<byte> field = extra[..size];
                Take(ref field, ref length);
                Take(ref field, ref packed);
                Take(ref field, ref local);
                return;
            }

            extra = extra[size..];
        }
    }

    private void Take(ref ReadOnlySpan<byte> field, ref long value)
    {
        if (value != uint.MaxValue)
            return;
        if (field.Length < 8)
            throw BadDirectory();
        value = I64(field, 0);
        field = field[8..];
    }

    private ReadOnlySpan<byte> Bytes(long offset, int length) =>
        _file.Holds(offset, length) ? _file.Bytes(offset, length) : throw BadDirectory();

    private static int U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static long I64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
}
