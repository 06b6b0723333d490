using System.IO.MemoryMappedFiles;

namespace VisionMamba.Tensors.Files;

/// <summary>A whole file as read-only memory. Tensors that view it keep it alive; it is unmapped when nothing does.</summary>
internal sealed unsafe class MappedFile
{
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;

    public MappedFile(string path)
    {
        Path = path;
        try
        {
            if (Directory.Exists(path))
                throw new VisionMambaException($"{path}: is a folder; name a checkpoint file (.pth or .safetensors)");
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            Length = stream.Length;
            if (Length == 0)
                throw new VisionMambaException($"{path}: the file is empty; copy or download it again");
            _file = MemoryMappedFile.CreateFromFile(
                stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            _view = _file.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
            byte* pointer = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
            Pointer = pointer + _view.PointerOffset;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new VisionMambaException($"{path}: no such file; check the path", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VisionMambaException($"{path}: cannot be read ({e.Message}); check its permissions", e);
        }
    }

    public string Path { get; }

    public long Length { get; }

    public byte* Pointer { get; }

    /// <summary>The bytes [offset, offset + count); the caller has checked the range against <see cref="Length"/>.</summary>
    public ReadOnlySpan<byte> Bytes(long offset, long count) => new(Pointer + offset, checked((int)count));
}
