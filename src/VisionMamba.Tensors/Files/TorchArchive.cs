using System.Globalization;
using System.Text;

namespace VisionMamba.Tensors.Files;

/// <summary>
/// A .pth file as torch.save has written it since 1.6: an uncompressed zip with NAME/data.pkl (the tree), NAME/data/KEY
/// (one storage each) and, since 2.1, NAME/byteorder. Reads the tree and finds the state dict in it.
/// </summary>
internal sealed class TorchArchive
{
    private const int MaxPickle = 64 << 20;
    private const string PickleName = "data.pkl";
    private const string Builders = "torch._utils._rebuild_";
    private const string ModulePrefix = "module.";

    /// <summary>
    /// Where training scripts keep the weights, in the order of preference; the average of weights comes last.
    /// </summary>
    private static readonly string[] StateDictKeys =
        ["model", "state_dict", "model_state_dict", "module", "net", "model_ema"];

    private readonly FileFaults _faults;

    private TorchArchive(PickleValue root, FileFaults faults)
    {
        Root = root;
        _faults = faults;
    }

    public PickleValue Root { get; }

    /// <summary>The key under which the state dict was found: empty for the root itself, null for none.</summary>
    public string? StateDictKey { get; private set; }

    public static bool Recognises(ReadOnlySpan<byte> start) =>
        start.StartsWith("PK\u0003\u0004"u8) || start.StartsWith("PK\u0005\u0006"u8);

    public static TorchArchive Read(MappedFile file, FileFaults faults)
    {
        IReadOnlyDictionary<string, ByteBlock> entries = ZipDirectory.Read(file, faults).Entries;
        string? pickle = entries.Keys.Where(IsPickle).OrderBy(name => name.Length).FirstOrDefault();
        if (pickle == null)
            throw faults.Refused("is a zip archive without data.pkl", "give a .pth file written by torch.save");
        string folder = pickle[..^PickleName.Length];
        if (entries.ContainsKey(folder + "constants.pkl"))
            throw faults.Refused("is a TorchScript program", "save its state_dict() with torch.save");
        if (entries[pickle].Length > MaxPickle)
            throw faults.Refused($"its pickle of {entries[pickle].Length} bytes is too large", "save the state_dict()");
        bool swap = IsBigEndian(entries.GetValueOrDefault(folder + "byteorder"), faults) == BitConverter.IsLittleEndian;
        var root = Unpickler.Read(
            entries[pickle].ToArray(), faults, key => entries.GetValueOrDefault($"{folder}data/{key}"), swap);
        return new TorchArchive(root, faults);
    }

    /// <summary>The preferred state dict; empty where there is none.</summary>
    public OrderedDictionary<string, StoredTensor> FindStateDict()
    {
        foreach (string key in StateDictKeys)
        {
            if (Root[key] is PickleDict dict && HoldsTensors(dict))
            {
                StateDictKey = key;
                return StateDict(dict);
            }
        }

        if (Root is PickleDict whole && HoldsTensors(whole))
        {
            StateDictKey = "";
            return StateDict(whole);
        }

        return new(StringComparer.Ordinal);
    }

    /// <summary>The tensors of a dict by name, without a prefix "module." that all share.</summary>
    public OrderedDictionary<string, StoredTensor> StateDict(PickleDict dict)
    {
        var named = new List<(string Name, StoredTensor Tensor)>();
        foreach ((PickleValue key, PickleValue value) in dict.Entries)
        {
            if (key.Text is { } name && value.Tensor is { } tensor)
                named.Add((name, tensor));
            else if (value is ForeignObject foreign && foreign.Name.StartsWith(Builders, StringComparison.Ordinal))
                throw Unsupported(key);
        }

        bool wrapped = named.All(pair => pair.Name.StartsWith(ModulePrefix, StringComparison.Ordinal));
        var tensors = new OrderedDictionary<string, StoredTensor>(StringComparer.Ordinal);
        foreach ((string name, StoredTensor tensor) in named)
        {
            string shortName = wrapped ? name[ModulePrefix.Length..] : name;
            tensors[shortName] = tensor.Named(shortName);
        }

        return tensors;
    }

    /// <summary>The plain values of the root, and those of namespaces in it as "args.lr", as text.</summary>
    public OrderedDictionary<string, string> Metadata()
    {
        var metadata = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        if (Root is not PickleDict root)
            return metadata;
        foreach ((PickleValue key, PickleValue value) in root.Entries)
        {
            if (key.Text is not { } name)
                continue;
            if (value is PickleDict { IsNamespace: true } space)
                foreach ((PickleValue inner, PickleValue attribute) in space.Entries)
                    Add($"{name}.{inner.Text}", attribute);
            else
                Add(name, value);
        }

        return metadata;

        void Add(string name, PickleValue value)
        {
            if (value is PickleScalar { Value: not (null or byte[]) } scalar)
                metadata[name] = Convert.ToString(scalar.Value, CultureInfo.InvariantCulture)!;
        }
    }

    private VisionMambaException Unsupported(PickleValue key) => _faults.Refused(
        $"{FileFaults.Show(key.ToString()!)} is of a kind that is not supported (complex, sparse, quantized)",
        "save it as float()");

    private static bool HoldsTensors(PickleDict dict) =>
        dict.Entries.Any(entry => entry.Key.Text != null && entry.Value is PickleTensor);

    private static bool IsPickle(string name) =>
        name == PickleName
        || (name.EndsWith("/" + PickleName, StringComparison.Ordinal) && name.Count(c => c == '/') == 1);

    private static bool IsBigEndian(ByteBlock? entry, FileFaults faults)
    {
        if (entry == null)
            return false;
        string order = entry.Length <= 16 ? Encoding.ASCII.GetString(entry.ToArray()) : "";
        return order switch
        {
            "little" => false,
            "big" => true,
            _ => throw faults.Damaged("the byte order is neither little nor big"),
        };
    }
}
