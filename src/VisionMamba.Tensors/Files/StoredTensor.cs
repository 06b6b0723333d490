namespace VisionMamba.Tensors.Files;

/// <summary>One array inside an opened file. Nothing is read until it is asked for.</summary>
public sealed unsafe class StoredTensor
{
    private readonly ByteBlock _block;
    private readonly TensorLayout _layout;
    private readonly bool _swap;

    internal StoredTensor(string name, ElementType type, ByteBlock block, TensorLayout layout, bool swap)
    {
        Name = name;
        Type = type;
        _block = block;
        _layout = layout;
        _swap = swap;
    }

    /// <summary>
    /// The full name, e.g. layers.0.mixer.in_proj.weight; empty for an array reached through the pickled tree.
    /// </summary>
    public string Name { get; }

    /// <summary>How the numbers are stored.</summary>
    public ElementType Type { get; }

    /// <summary>The sizes, slowest dimension first; empty for a single number.</summary>
    public ReadOnlySpan<int> Shape => _layout.Shape;

    /// <summary>How many numbers it holds.</summary>
    public long Count => _layout.Count;

    /// <summary>Whether <see cref="ToTensor"/> gives the mapped numbers in place, without a copy.</summary>
    public bool IsViewable => Type == ElementType.F32 && !_swap && Count > 0 && _layout.IsContiguous
        && ((nint)_block.Pointer + (nint)(_layout.Offset * sizeof(float))) % sizeof(float) == 0;

    /// <summary>Reads all numbers as fp32, row major, into the first <see cref="Count"/> places.</summary>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public void CopyTo(Span<float> destination)
    {
        if (destination.Length < Count)
            throw new ArgumentException($"{this} does not fit {destination.Length} places", nameof(destination));
        var start = _block.Pointer;
        foreach (TensorRow row in _layout.Rows())
            ElementReader.Read(Type, start, row, destination.Slice((int)row.Target, row.Count), _swap);
        GC.KeepAlive(_block);
    }

    /// <summary>
    /// A free-standing fp32 tensor with this name. Where <see cref="IsViewable"/> it is a read-only view of the
    /// mapped file,
    /// which it keeps mapped after <see cref="TensorFile.Dispose"/>; otherwise a converted copy.
    /// </summary>
    /// <exception cref="VisionMambaException">More numbers than one tensor can hold.</exception>
    public Tensor ToTensor()
    {
        RequireAddressable();
        return IsViewable
            ? new Tensor(_block.View(_layout.Offset * sizeof(float), Count), Shape) { Name = Name }
            : ToOwnedTensor();
    }

    /// <summary>
    /// The same as <see cref="ToTensor"/>, but always a copy that may be written to (a parameter to train).
    /// </summary>
    /// <exception cref="VisionMambaException">More numbers than one tensor can hold.</exception>
    public Tensor ToOwnedTensor()
    {
        RequireAddressable();
        var tensor = new Tensor(new Storage(Count), Shape) { Name = Name };
        CopyTo(tensor.Span);
        return tensor;
    }

    /// <summary>Reads integers (class labels, step counters), row major.</summary>
    /// <exception cref="VisionMambaException">It holds floating-point numbers.</exception>
    public long[] ToInt64()
    {
        RequireAddressable();
        if (Type.IsFloat())
            throw _block.Faults.Refused($"{this} holds no integers", "store it as integers");
        long[] values = new long[Count];
        var start = _block.Pointer;
        foreach (TensorRow row in _layout.Rows())
            ElementReader.Read(Type, start, row, values.AsSpan((int)row.Target, row.Count), _swap);
        GC.KeepAlive(_block);
        return values;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{FileFaults.Show(Name)} {Type} {Tensor.ShapeText(Shape)}";

    internal StoredTensor Named(string name) => new(name, Type, _block, _layout, _swap);

    private void RequireAddressable()
    {
        if (Count > int.MaxValue)
            throw _block.Faults.Refused($"{this} holds more numbers than one tensor can", "split it");
    }
}
