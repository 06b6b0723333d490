namespace VisionMamba.Tensors.Files;

/// <summary>
/// PyTorch's zip form of torch.save: a pickle "data.pkl" that describes the objects, and one stored entry per storage.
/// Tensors are (storage, offset, shape, strides); several may share a storage.
/// </summary>
internal sealed class TorchArchive
{
    private const int PickleLimit = 256 << 20;
    private static readonly string[] s_stateKeys = ["model", "state_dict", "model_state_dict", "module", "net", "model_ema"];
    private readonly MappedFile _file;
    private readonly Dictionary<string, (long Offset, long Length)> _storages = [];
    private readonly byte[] _pickle;

    private TorchArchive(MappedFile file)
    {
        _file = file;
        Dictionary<string, (long Offset, long Length)> entries = ZipDirectory.Read(file);
        string pickle = entries.Keys.FirstOrDefault(k => k.EndsWith("/data.pkl", StringComparison.Ordinal))
            ?? throw new VisionMambaException($"{file.Path}: a zip without data.pkl is not a PyTorch checkpoint; "
                + "unpack it, or save the model again with torch.save");
        string folder = pickle[..^"data.pkl".Length];
        _pickle = Content(entries[pickle], "data.pkl");
        if (entries.TryGetValue(folder + "byteorder", out (long Offset, long Length) order)
            && !file.Bytes(order.Offset, order.Length).StartsWith("little"u8))
        {
            throw new VisionMambaException($"{file.Path}: stored in big-endian order; save it again on a little-endian machine");
        }

        foreach ((string name, (long Offset, long Length) place) in entries)
        {
            if (name.StartsWith(folder + "data/", StringComparison.Ordinal))
                _storages[name[(folder.Length + "data/".Length)..]] = place;
        }
    }

    public static TensorFile Read(MappedFile file)
    {
        var archive = new TorchArchive(file);
        PickleValue root = new Unpickler(archive._pickle, Storage, archive.Construct).Load();
        var tensors = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        foreach ((string name, StoredTensor tensor) in StateDict(root))
        {
            if (!tensors.TryAdd(name, tensor))
                throw new FormatException($"the name {name} occurs twice");
        }

        if (tensors.Count == 0)
            throw new VisionMambaException($"{file.Path}: holds no state dict (a dict of tensors, plain or under 'model' or 'state_dict')");
        return new TensorFile(file.Path, "pytorch", StripModule(tensors), Scalars(root), root);
    }

    /// <summary>The tensors under one of the usual keys, else those of the root itself.</summary>
    private static IEnumerable<(string Name, StoredTensor Tensor)> StateDict(PickleValue root)
    {
        PickleValue? found = s_stateKeys.Select(key => root[key]).FirstOrDefault(v => v is not null && TensorsOf(v).Any());
        return TensorsOf(found ?? root);
    }

    private static IEnumerable<(string Name, StoredTensor Tensor)> TensorsOf(PickleValue value)
    {
        if (value is not PickleDictionary dictionary)
            yield break;
        foreach ((PickleValue key, PickleValue item) in dictionary.Entries)
        {
            if (key is PickleScalar { Value: string name } && item is PickleTensor { Tensor: var tensor })
                yield return (name, tensor);
        }
    }

    /// <summary>Removes the "module." that DistributedDataParallel puts before every name.</summary>
    private static Dictionary<string, StoredTensor> StripModule(Dictionary<string, StoredTensor> tensors)
    {
        const string Module = "module.";
        return tensors.Keys.All(k => k.StartsWith(Module, StringComparison.Ordinal))
            ? tensors.ToDictionary(e => e.Key[Module.Length..], e => e.Value)
            : tensors;
    }

    private static Dictionary<string, string> Scalars(PickleValue root)
    {
        var scalars = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((PickleValue key, PickleValue value) in (root as PickleDictionary)?.Entries ?? [])
        {
            if (key is PickleScalar { Value: string name } && value is PickleScalar { Value: { } scalar and not byte[] })
                scalars[name] = Convert.ToString(scalar, System.Globalization.CultureInfo.InvariantCulture)!;
        }

        return scalars;
    }

    private static PickleForeign Storage(PickleValue id)
    {
        if (id is not PickleList { Items: { Count: >= 5 } items } || items[0] is not PickleScalar { Value: "storage" })
            throw new FormatException("its pickle refers to something that is not a storage");
        return new PickleForeign("storage", id);
    }

    private PickleValue Construct(PickleForeign call)
    {
        var arguments = (call.Arguments as PickleList)?.Items ?? [];
        switch (call.Name)
        {
            case "torch._utils._rebuild_tensor_v2" or "torch._utils._rebuild_tensor":
                return new PickleTensor(Rebuild(arguments));
            case "torch._utils._rebuild_parameter" or "torch._utils._rebuild_parameter_with_state" when arguments.Count > 0:
                return arguments[0];
            case "collections.OrderedDict" or "argparse.Namespace" or "builtins.dict":
                return new PickleDictionary([]);
            default:
                return call;
        }
    }

    private StoredTensor Rebuild(List<PickleValue> arguments)
    {
        if (arguments.Count < 4 || arguments[0] is not PickleForeign { Name: "storage", Arguments: PickleList { Items: var storage } }
            || arguments[2] is not PickleList { Items: var sizes } || arguments[3] is not PickleList { Items: var steps })
        {
            throw new FormatException("a tensor of its pickle is malformed");
        }

        string key = Convert.ToString((storage[2] as PickleScalar)?.Value) ?? "";
        ElementType type = TypeOf((storage[1] as PickleForeign)?.Name ?? "");
        if (!_storages.TryGetValue(key, out (long Offset, long Length) place))
            throw new FormatException($"it lacks the storage data/{key}");
        int[] shape = TensorFile.CheckedShape(sizes.Select(Integer), $"in storage {key}");
        long[] strides = [.. steps.Select(Integer)];
        long first = Integer(arguments[1]);
        CheckExtent(shape, strides, first, place.Length / type.Size(), key);
        return new StoredTensor(_file, $"data/{key}", type, shape, strides, place.Offset + (first * type.Size()));
    }

    private static void CheckExtent(int[] shape, long[] strides, long first, long available, string key)
    {
        if (strides.Length != shape.Length || first < 0 || strides.Any(s => s < 0))
            throw new FormatException($"a tensor in storage {key} has malformed strides");
        long last = first;
        for (int i = 0; i < shape.Length; i++)
            last = checked(last + (strides[i] * Math.Max(shape[i] - 1, 0)));
        if (!shape.Contains(0) && last >= available)
            throw new FormatException($"a tensor reaches beyond its storage data/{key}");
        // A stride of zero repeats numbers: a tiny file could ask for any amount of memory.
        if (Tensor.CountOf(shape) > Math.Max(available, 1) * 4096)
            throw new FormatException($"a tensor in storage {key} repeats its numbers beyond reason");
    }

    private static long Integer(PickleValue value) =>
        value is PickleScalar { Value: long number } ? number : throw new FormatException("a size in its pickle is not an integer");

    private static ElementType TypeOf(string name) => name switch
    {
        "torch.FloatStorage" => ElementType.F32,
        "torch.HalfStorage" => ElementType.F16,
        "torch.BFloat16Storage" => ElementType.BF16,
        "torch.DoubleStorage" => ElementType.F64,
        "torch.LongStorage" => ElementType.I64,
        "torch.IntStorage" => ElementType.I32,
        "torch.ShortStorage" => ElementType.I16,
        "torch.CharStorage" => ElementType.I8,
        "torch.ByteStorage" => ElementType.U8,
        "torch.BoolStorage" => ElementType.Bool,
        _ => throw new FormatException($"it stores numbers as {name}, which is not supported"),
    };

    private byte[] Content((long Offset, long Length) place, string name) => place.Length <= PickleLimit
        ? _file.Bytes(place.Offset, place.Length).ToArray()
        : throw new FormatException($"its {name} claims {place.Length} bytes");
}
