namespace VisionMamba.Tensors.Files;

/// <summary>
/// An opened checkpoint: its arrays by full name and what else it says, as inert data. The file is mapped, not
/// read, and must
/// not be overwritten in place while it is open (replacing it by renaming another over it, as AtomicFile does, is
/// fine).
/// </summary>
public sealed class TensorFile : IDisposable
{
    private const int ShownStart = 16;

    private readonly MappedFile _file;
    private readonly TorchArchive? _archive;

    private TensorFile(string path, MappedFile file, FileFaults faults)
    {
        Path = path;
        _file = file;
        ReadOnlySpan<byte> start = file.Bytes(0, (int)Math.Min(file.Length, 512));
        if (SafetensorsHeader.Recognises(file))
        {
            Format = "safetensors";
            SafetensorsHeader header = SafetensorsHeader.Read(file, faults);
            (Tensors, Metadata) = (header.Tensors, header.Metadata);
        }
        else if (TorchArchive.Recognises(start))
        {
            Format = "pytorch";
            _archive = TorchArchive.Read(file, faults);
            (Tensors, Metadata) = (_archive.FindStateDict(), _archive.Metadata());
        }
        else
        {
            throw Unknown(start, faults);
        }
    }

    /// <summary>The path as it was given.</summary>
    public string Path { get; }

    /// <summary>"safetensors" or "pytorch", told by the contents.</summary>
    public string Format { get; }

    /// <summary>
    /// The arrays in the file's order. For .pth: of the state dict under model, state_dict, model_state_dict,
    /// module, net or
    /// model_ema, whichever comes first, else of the root; without a prefix "module." that all names share.
    /// </summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>
    /// The safetensors metadata; for .pth the root's scalars as text, and those of namespaces as "args.lr".
    /// </summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The whole tree of a .pth (optimizer, schedule, args), or null for safetensors.</summary>
    public PickleValue? Root => _archive?.Root;

    /// <summary>
    /// Where <see cref="Tensors"/> was found in a .pth: the key, empty for the root itself; null where nowhere.
    /// </summary>
    public string? StateDictKey => _archive?.StateDictKey;

    /// <summary>Opens a .safetensors or .pth file; its contents, not its name, tell which.</summary>
    /// <exception cref="VisionMambaException">The file is missing, damaged or of another kind.</exception>
    public static TensorFile Open(string path)
    {
        var faults = new FileFaults(path);
        MappedFile file = MappedFile.Open(path, faults);
        try
        {
            return new TensorFile(path, file, faults);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The tensors of another state dict in a .pth (model_ema), or null where the root has none under that key.
    /// </summary>
    public IReadOnlyDictionary<string, StoredTensor>? StateDict(string key) =>
        Root?[key] is PickleDict dict ? _archive!.StateDict(dict) : null;

    /// <summary>Closes the file. Tensors that view it stay valid; stored arrays can no longer be read.</summary>
    public void Dispose() => _file.Dispose();

    private static VisionMambaException Unknown(ReadOnlySpan<byte> start, FileFaults faults)
    {
        ReadOnlySpan<byte> legacy = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 25];
        if (start.StartsWith(legacy) || (start.Length > 262 && start[257..].StartsWith("ustar"u8)))
        {
            return faults.Refused(
                "is in torch's old format (before 1.6)",
                "load it in Python and save it again with torch.save(..., _use_new_zipfile_serialization=True)");
        }

        if (start[0] == 0x80)
            return faults.Refused("is a bare pickle, not a torch file", "save it with torch.save");
        if (start.StartsWith("version https://git-lfs"u8))
            return faults.Refused("is a Git LFS pointer, not the file itself", "fetch it with git lfs pull");
        if (start.TrimStart(" \t\r\n"u8).StartsWith("<"u8))
            return faults.Refused("is a web page or XML, not a checkpoint", "download the file itself");
        string hex = Convert.ToHexStringLower(start[..Math.Min(start.Length, ShownStart)]);
        return faults.Damaged($"is neither safetensors nor a torch .pth archive (it starts with {hex})");
    }
}
