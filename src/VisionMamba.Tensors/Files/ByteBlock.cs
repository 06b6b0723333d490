using System.IO.Compression;

namespace VisionMamba.Tensors.Files;

/// <summary>
/// A run of bytes that several tensors may share: a piece of a mapped file in place, or an entry of a compressed
/// archive, which is unpacked into memory when it is first read.
/// </summary>
internal sealed unsafe class ByteBlock
{
    private readonly MappedFile _file;
    private readonly FileFaults _faults;
    private readonly long _offset;
    private readonly long _packedLength;
    private readonly bool _packed;
    private Storage? _unpacked;

    public ByteBlock(MappedFile file, long offset, long length, FileFaults faults)
        : this(file, offset, length, length, false, faults) { }

    public ByteBlock(MappedFile file, long offset, long packedLength, long length, bool packed, FileFaults faults)
    {
        if (!file.Holds(offset, packedLength))
            throw faults.Damaged("a block of data reaches beyond the end of the file");
        _file = file;
        _offset = offset;
        _packedLength = packedLength;
        _packed = packed;
        _faults = faults;
        Length = length;
    }

    public long Length { get; }

    public FileFaults Faults => _faults;

    /// <summary>Valid as long as this object is alive and its file is open.</summary>
    public byte* Pointer => _packed ? (byte*)Unpacked().Pointer : _file.Pointer + _offset;

    /// <summary>fp32 numbers in place.</summary>
    public Storage View(long byteOffset, long count) => _packed
        ? new Storage((float*)(Pointer + byteOffset), count, Unpacked())
        : _file.View(_offset + byteOffset, count);

    public byte[] ToArray() => new ReadOnlySpan<byte>(Pointer, checked((int)Length)).ToArray();

    private Storage Unpacked()
    {
        if (_unpacked != null)
            return _unpacked;
        var storage = new Storage((Length + 3) / 4);
        try
        {
            using var packed = new UnmanagedMemoryStream(_file.Pointer + _offset, _packedLength);
            using var inflate = new DeflateStream(packed, CompressionMode.Decompress);
            for (long done = 0; done < Length;)
            {
                int wanted = (int)Math.Min(Length - done, 1 << 20);
                inflate.ReadExactly(new Span<byte>((byte*)storage.Pointer + done, wanted));
                done += wanted;
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            storage.Dispose();
            throw _faults.Damaged("a compressed entry cannot be unpacked");
        }

        return _unpacked = storage;
    }
}
