namespace VisionMamba.Tensors.Files;

/// <summary>What an unpickled file contains, as data. Nothing of it was ever executed.</summary>
public abstract record PickleValue
{
    /// <summary>The entry called <paramref name="key"/> when this is a dictionary that has it, else null.</summary>
    public PickleValue? this[string key] =>
        this is PickleDictionary { Entries: var entries }
            ? entries.FirstOrDefault(e => e.Key is PickleScalar { Value: string name } && name == key).Value
            : null;
}

/// <summary>None, a bool, a long, a double, a string or bytes.</summary>
public sealed record PickleScalar(object? Value) : PickleValue;

/// <summary>A list, tuple or set.</summary>
public sealed record PickleList(List<PickleValue> Items) : PickleValue;

/// <summary>A dictionary (also an OrderedDict or the attributes of a Namespace), in insertion order.</summary>
public sealed record PickleDictionary(List<KeyValuePair<PickleValue, PickleValue>> Entries) : PickleValue;

/// <summary>A tensor of the file.</summary>
public sealed record PickleTensor(StoredTensor Tensor) : PickleValue;

/// <summary>An object or a function of some Python module: its name and what it was called with, kept but not run.</summary>
public sealed record PickleForeign(string Name, PickleValue? Arguments) : PickleValue
{
    /// <summary>The state it was given afterwards.</summary>
    public PickleValue? State { get; set; }
}
