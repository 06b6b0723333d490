namespace VisionMamba.Tensors.Files;

/// <summary>An opened checkpoint: its tensors by name, and whatever else it says, as inert data.</summary>
public sealed class TensorFile
{
    internal TensorFile(
        string path, string format, Dictionary<string, StoredTensor> tensors, Dictionary<string, string> metadata, PickleValue? root)
    {
        (Path, Format, Tensors, Metadata, Root) = (path, format, tensors, metadata, root);
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>"safetensors" or "pytorch".</summary>
    public string Format { get; }

    /// <summary>The tensors: all of a safetensors file, the state dict of a PyTorch one.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>The text entries beside the tensors.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The whole content of a PyTorch file (optimizer state, arguments); null for safetensors.</summary>
    public PickleValue? Root { get; }

    /// <summary>
    /// Opens a .safetensors or PyTorch zip file, told apart by content. Reads names and sizes only. Anything wrong with the
    /// file is one <see cref="VisionMambaException"/> that names it.
    /// </summary>
    public static TensorFile Open(string path)
    {
        var file = new MappedFile(path);
        ReadOnlySpan<byte> start = file.Bytes(0, Math.Min(file.Length, 8));
        try
        {
            if (start.StartsWith("PK"u8))
                return TorchArchive.Read(file);
            if (start.StartsWith(new byte[] { 0x80 }) && start.Length > 1 && start[1] <= 5)
            {
                throw new VisionMambaException($"{path}: a PyTorch file in the old form (before 1.6); load it in Python and save it "
                    + "again with torch.save, which writes the zip form");
            }

            return Safetensors.Read(file);
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException or InvalidDataException)
        {
            throw new VisionMambaException($"{path}: damaged ({e.Message}); copy or download it again", e);
        }
    }

    internal static int[] CheckedShape(IEnumerable<long> sizes, string name)
    {
        var shape = new List<int>();
        long count = 1;
        foreach (long size in sizes)
        {
            if (size is < 0 or > int.MaxValue)
                throw new FormatException($"tensor {name} has an impossible size {size}");
            shape.Add((int)size);
            if (size > 0)
                count = checked(count * size);
        }

        return shape.Count <= 16 ? [.. shape] : throw new FormatException($"tensor {name} has {shape.Count} dimensions");
    }
}
