using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Data.Datasets;

/// <summary>
/// Reads named numeric arrays out of a MATLAB level 5 .mat file, zlib-compressed or not. Sizes are checked before
/// anything of that size is made. Format: MathWorks, "MAT-File Format", level 5.
/// </summary>
internal static class MatFile
{
    private const int Compressed = 15, MatrixType = 14;

    /// <summary>The arrays called <paramref name="names"/>; all must be there.</summary>
    public static Dictionary<string, MatArray> Read(string path, params string[] names)
    {
        var faults = new FileFaults(path, "a MATLAB 5 file");
        try
        {
            using FileStream file = File.OpenRead(path);
            CheckHeader(file, faults);
            var found = new Dictionary<string, MatArray>();
            while (found.Count < names.Length && file.Position < file.Length)
                if (ReadElement(file, names, faults) is { } array)
                    found[array.Name] = array;
            string? missing = names.FirstOrDefault(name => !found.ContainsKey(name));
            return missing is null ? found : throw faults.Damaged($"holds no array \"{missing}\"");
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException)
        {
            throw faults.Damaged("the file is cut short or its compressed data are damaged");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new VisionMambaException($"{path}: no such file; put it there", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VisionMambaException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    private static void CheckHeader(Stream file, FileFaults faults)
    {
        byte[] header = new byte[128];
        file.ReadExactly(header);
        if (header.AsSpan().StartsWith("\u0089HDF"u8) || header.AsSpan().StartsWith("MATLAB 7.3"u8))
            throw faults.Refused("is a MATLAB 7.3 file (HDF5)", "save it as version 5 or 7");
        if (header[126] != 'I' || header[127] != 'M' || header[125] != 1)
            throw faults.Damaged("is no little-endian MATLAB 5 file");
    }

    private static MatArray? ReadElement(FileStream file, string[] names, FileFaults faults)
    {
        byte[] tag = new byte[8];
        file.ReadExactly(tag);
        uint type = BinaryPrimitives.ReadUInt32LittleEndian(tag);
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(tag.AsSpan(4));
        long end = file.Position + size;
        if (end > file.Length)
            throw faults.Damaged($"an element states {size} bytes where {file.Length - file.Position} are left");
        MatArray? array = null;
        if (type == Compressed)
        {
            using var inflated = new ZLibStream(file, CompressionMode.Decompress, leaveOpen: true);
            inflated.ReadExactly(tag);
            if (BinaryPrimitives.ReadUInt32LittleEndian(tag) == MatrixType)
                array = ReadMatrix(inflated, names, faults);
            // Only padding may follow. Reading on to the end also has zlib compare its checksum.
            if (array is not null && inflated.ReadAtLeast(new byte[8], 8, throwOnEndOfStream: false) == 8)
                throw faults.Damaged("a compressed array is longer than it states");
        }
        else if (type == MatrixType)
        {
            array = ReadMatrix(file, names, faults);
        }

        file.Position = end;
        return array;
    }

    private static MatArray? ReadMatrix(Stream stream, string[] names, FileFaults faults)
    {
        byte[] flags = Part(stream, 6, 8, faults);
        byte[] sizes = Part(stream, 5, 4 * 16, faults);
        string name = Encoding.Latin1.GetString(Part(stream, 1, 64, faults));
        int[] dims = new int[sizes.Length / 4];
        long count = 1;
        for (int i = 0; i < dims.Length; i++)
        {
            dims[i] = BinaryPrimitives.ReadInt32LittleEndian(sizes.AsSpan(4 * i));
            if (dims[i] < 0 || (count *= Math.Max(dims[i], 0)) > Array.MaxLength)
                throw faults.Damaged($"the array {FileFaults.Show(name)} states impossible dimensions");
        }

        if (!names.Contains(name))
            return null;
        if (flags.Length < 8 || flags[0] is < 6 or > 15 || (flags[1] & 0x08) != 0)
            throw faults.Damaged($"the array {FileFaults.Show(name)} is not one of real numbers");
        (int type, int size) = Tag(stream, out byte[]? small);
        int width = Width(type);
        if (width == 0 || size != count * width)
            throw faults.Damaged($"the array {FileFaults.Show(name)} states {count} numbers in {size} bytes");
        return new MatArray(name, dims, type, small ?? ReadBytes(stream, size));
    }

    /// <summary>In steps, so that a wrong length fails before much memory is taken.</summary>
    private static byte[] ReadBytes(Stream stream, int size)
    {
        const int step = 1 << 24;
        byte[] bytes = new byte[Math.Min(size, step)];
        for (int at = 0; at < size; at += step)
        {
            int next = Math.Min(size, at + step);
            if (bytes.Length < next)
                Array.Resize(ref bytes, (int)Math.Min(size, Math.Max(next, 2L * bytes.Length)));
            stream.ReadExactly(bytes, at, next - at);
        }

        return bytes;
    }

    /// <summary>A short part of a matrix: its flags, sizes or name.</summary>
    private static byte[] Part(Stream stream, int expected, int limit, FileFaults faults)
    {
        (int type, int size) = Tag(stream, out byte[]? small);
        if (type != expected || size < 0 || size > limit)
            throw faults.Damaged($"an array's header is damaged (type {type}, {size} bytes)");
        if (small is not null)
            return small;
        byte[] padded = new byte[(size + 7) / 8 * 8];
        stream.ReadExactly(padded);
        return padded[..size];
    }

    /// <summary>A tag of 8 bytes; up to 4 bytes of data may be inside the tag itself.</summary>
    private static (int Type, int Size) Tag(Stream stream, out byte[]? small)
    {
        byte[] tag = new byte[8];
        stream.ReadExactly(tag);
        uint first = BinaryPrimitives.ReadUInt32LittleEndian(tag);
        if (first >> 16 == 0)
        {
            small = null;
            return ((int)first, (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(tag.AsSpan(4)), int.MaxValue));
        }

        int size = (int)(first >> 16);
        small = tag[4..Math.Min(8, 4 + size)];
        return ((int)(first & 0xFFFF), size <= 4 ? size : -1);
    }

    internal static int Width(int type) => type switch
    {
        1 or 2 => 1,
        3 or 4 => 2,
        5 or 6 or 7 => 4,
        9 or 12 or 13 => 8,
        _ => 0,
    };
}

/// <summary>
/// An array of a .mat file, first dimension fastest; <paramref name="Type"/> is how the bytes are stored.
/// </summary>
internal sealed record MatArray(string Name, int[] Dims, int Type, byte[] Bytes)
{
    public const int UInt8 = 2;

    public int Count => Bytes.Length / MatFile.Width(Type);

    /// <summary>The number at <paramref name="i"/>.</summary>
    public double this[int i] => Type switch
    {
        1 => (sbyte)Bytes[i],
        2 => Bytes[i],
        3 => BinaryPrimitives.ReadInt16LittleEndian(Bytes.AsSpan(i * 2)),
        4 => BinaryPrimitives.ReadUInt16LittleEndian(Bytes.AsSpan(i * 2)),
        5 => BinaryPrimitives.ReadInt32LittleEndian(Bytes.AsSpan(i * 4)),
        6 => BinaryPrimitives.ReadUInt32LittleEndian(Bytes.AsSpan(i * 4)),
        7 => BinaryPrimitives.ReadSingleLittleEndian(Bytes.AsSpan(i * 4)),
        9 => BinaryPrimitives.ReadDoubleLittleEndian(Bytes.AsSpan(i * 8)),
        12 => BinaryPrimitives.ReadInt64LittleEndian(Bytes.AsSpan(i * 8)),
        _ => BinaryPrimitives.ReadUInt64LittleEndian(Bytes.AsSpan(i * 8)),
    };
}
