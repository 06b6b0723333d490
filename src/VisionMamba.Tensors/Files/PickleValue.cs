using System.Globalization;
using System.Numerics;

namespace VisionMamba.Tensors.Files;

/// <summary>
/// One value of an unpickled tree. All of it is data: nothing that a file names is ever loaded or called.
/// Values may be shared and may contain themselves, so whoever walks the whole tree keeps track of where it was.
/// </summary>
public abstract class PickleValue
{
    private protected PickleValue() { }

    /// <summary>
    /// What the file sets as the state of an object that is not a plain value; usually a dict, or null.
    /// </summary>
    public PickleValue? State { get; private protected set; }

    /// <summary>The entry under <paramref name="key"/>, or null where this is no dict or has no such entry.</summary>
    public virtual PickleValue? this[string key] => null;

    /// <summary>The elements of a list, tuple or set; empty otherwise.</summary>
    public virtual IReadOnlyList<PickleValue> Items => [];

    /// <summary>The text, or null where this is no string.</summary>
    public string? Text => (this as PickleScalar)?.Value as string;

    /// <summary>The integer, or null where this is none or does not fit 64 bits.</summary>
    public long? Integer => (this as PickleScalar)?.Value as long?;

    /// <summary>The integer or floating-point number, or null where this is none.</summary>
    public double? Number => (this as PickleScalar)?.Value switch
    {
        long value => value,
        double value => value,
        BigInteger value => (double)value,
        _ => null,
    };

    /// <summary>True or false, or null where this is neither.</summary>
    public bool? Truth => (this as PickleScalar)?.Value as bool?;

    /// <summary>The stored array, or null where this is none.</summary>
    public StoredTensor? Tensor => (this as PickleTensor)?.Stored;

    /// <summary>Longest chain of values inside this one; 0 before the tree was measured, -1 while it is.</summary>
    internal int Height { get; set; }

    internal virtual IEnumerable<PickleValue> Children => State == null ? Items : Items.Append(State);

    internal virtual void Build(PickleValue state) => State = state;
}

/// <summary>A value without parts.</summary>
public sealed class PickleScalar : PickleValue
{
    internal static readonly PickleScalar None = new(null), True = new(true), False = new(false);

    internal PickleScalar(object? value) => Value = value;

    /// <summary>null (Python's None), bool, long, BigInteger (beyond 64 bits), double, string or byte[].</summary>
    public object? Value { get; }

    /// <inheritdoc/>
    public override string ToString() => Value switch
    {
        null => "None",
        byte[] bytes => $"{bytes.Length} bytes",
        _ => Convert.ToString(Value, CultureInfo.InvariantCulture) ?? "",
    };

    internal override void Build(PickleValue state) { } // None, True and False are shared: they take no state
}

/// <summary>Which kind of sequence it was in Python.</summary>
public enum SequenceKind
{
    /// <summary>A list (also a deque).</summary>
    List,

    /// <summary>A tuple (also a torch.Size).</summary>
    Tuple,

    /// <summary>A set or frozenset.</summary>
    Set,
}

/// <summary>A list, tuple or set.</summary>
public sealed class PickleSequence : PickleValue
{
    internal PickleSequence(SequenceKind kind, List<PickleValue> items)
    {
        Kind = kind;
        List = items;
    }

    /// <summary>What it was in Python.</summary>
    public SequenceKind Kind { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<PickleValue> Items => List;

    internal List<PickleValue> List { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind} of {List.Count}";
}

/// <summary>An array; its numbers are in the file and read on demand.</summary>
public sealed class PickleTensor : PickleValue
{
    internal PickleTensor(StoredTensor stored) => Stored = stored;

    /// <summary>The stored array.</summary>
    public StoredTensor Stored { get; }

    /// <inheritdoc/>
    public override string ToString() => Stored.ToString();
}

/// <summary>
/// A block of numbers that tensors refer to; never seen outside the tree's making, except as an odd leaf.
/// </summary>
internal sealed class PickleStorage(ByteBlock block, ElementType? type, long count) : PickleValue
{
    public ByteBlock Block => block;

    /// <summary>Null for an untyped storage, which counts bytes and leaves the type to the tensor.</summary>
    public ElementType? Type => type;

    public long Count => count;

    public override string ToString() => $"storage of {count}";
}

/// <summary>
/// A class, function, call or object that is not one of the known plain ones: its name and what the file gave it,
/// as data.
/// </summary>
public sealed class ForeignObject : PickleValue
{
    private readonly List<PickleValue> _items = [];

    internal ForeignObject(string name, PickleValue? arguments = null)
    {
        Name = name;
        Arguments = arguments;
    }

    /// <summary>The full name of the class or function, e.g. torch.device.</summary>
    public string Name { get; }

    /// <summary>
    /// What it was called with (usually a tuple), or null for a mere reference to the class or function.
    /// </summary>
    public PickleValue? Arguments { get; }

    /// <summary>Elements that were appended to it, for a list-like object.</summary>
    public override IReadOnlyList<PickleValue> Items => _items;

    /// <summary>Entries that were set in it, for a dict-like object; or null.</summary>
    public PickleDict? Entries { get; private set; }

    /// <inheritdoc/>
    public override PickleValue? this[string key] => Entries?[key] ?? State?[key];

    internal override IEnumerable<PickleValue> Children
    {
        get
        {
            foreach (PickleValue item in base.Children)
                yield return item;
            if (Arguments != null)
                yield return Arguments;
            if (Entries != null)
                yield return Entries;
        }
    }

    internal List<PickleValue> List => _items;

    /// <inheritdoc/>
    public override string ToString() => Arguments == null ? Name : $"{Name}(...)";

    internal PickleDict EnsureEntries() => Entries ??= new PickleDict(null);
}
