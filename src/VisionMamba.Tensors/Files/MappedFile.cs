using System.IO.MemoryMappedFiles;

namespace VisionMamba.Tensors.Files;

/// <summary>
/// A whole file mapped into memory, read-only. Tensors that view it keep this object alive, so closing it only
/// unmaps the pages when no view was handed out; otherwise that is left to the garbage collector.
/// </summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _pointer;
    private bool _closed;
    private bool _lent;

    private MappedFile(MemoryMappedViewAccessor view, long length)
    {
        _view = view;
        // The raw handle, not AcquirePointer: that would add a reference which the handle's finalizer never drops.
        _pointer = (byte*)view.SafeMemoryMappedViewHandle.DangerousGetHandle() + view.PointerOffset;
        Length = length;
    }

    public long Length { get; }

    public byte* Pointer => !_closed
        ? _pointer
        : throw new ObjectDisposedException(nameof(TensorFile), "a stored tensor was read after its file was closed");

    public static MappedFile Open(string path, FileFaults faults)
    {
        if (Directory.Exists(path))
            throw faults.Refused("is a folder", "name the .pth or .safetensors file inside it");
        try
        {
            // Before opening: to open a named pipe would wait for its writer. Its length is 0 too.
            var info = new FileInfo(path);
            if (!info.Exists)
                throw faults.Refused("there is no such file", "check the path");
            if (info.Length == 0)
                throw faults.Damaged("is empty");
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            long length = stream.Length;
            using var mapped = MemoryMappedFile.CreateFromFile(
                stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            return new MappedFile(mapped.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read), length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw faults.Refused($"cannot be opened ({e.Message})", "check its permissions and that nothing writes it");
        }
    }

    public bool Holds(long offset, long length) => offset >= 0 && length >= 0 && offset <= Length - length;

    /// <summary>Some bytes of the file; the caller has checked that they are inside.</summary>
    public ReadOnlySpan<byte> Bytes(long offset, int length) => Holds(offset, length)
        ? new ReadOnlySpan<byte>(Pointer + offset, length)
        : throw new ArgumentOutOfRangeException(nameof(offset), "outside the mapped file");

    /// <summary>Numbers of the file in place.</summary>
    public Storage View(long offset, long count)
    {
        _lent = true;
        return new Storage((float*)(Pointer + offset), count, this);
    }

    public void Dispose()
    {
        _closed = true;
        if (!_lent)
            _view.Dispose();
    }
}
