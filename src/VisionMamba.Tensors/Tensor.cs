namespace VisionMamba.Tensors;

/// <summary>
/// A contiguous, row-major block of fp32 numbers. Tokens are laid out (batch, length, channels).
/// A tensor either belongs to a tape (it lives until its last use) or is free-standing (a parameter, an input).
/// </summary>
public sealed class Tensor
{
    private int[] _shape;
    private Storage? _storage;

    /// <summary>A tensor of <paramref name="shape"/> over the first numbers of <paramref name="storage"/>.</summary>
    public Tensor(Storage storage, params ReadOnlySpan<int> shape)
    {
        _shape = shape.ToArray();
        Count = CountIn(storage, shape);
        Storage = storage;
    }

    /// <summary>A new free-standing tensor of zeros.</summary>
    public Tensor(params ReadOnlySpan<int> shape)
        : this(new Storage(CountOf(shape)), shape) => Span.Clear();

    /// <summary>The sizes, slowest dimension first.</summary>
    public ReadOnlySpan<int> Shape => _shape;

    /// <summary>How many numbers it holds.</summary>
    public long Count { get; private set; }

    /// <summary>The size of the last dimension.</summary>
    public int Columns => _shape.Length == 0 ? 1 : _shape[^1];

    /// <summary>The product of all dimensions but the last.</summary>
    public int Rows => Columns == 0 ? 0 : checked((int)(Count / Columns));

    /// <summary>
    /// The numbers on the host. Those that a device has changed are copied first, which waits for the device; the
    /// device takes what is written here at its next use of the tensor. A span must not be kept beyond that.
    /// </summary>
    public Span<float> Span
    {
        get
        {
            unsafe
            {
                return new Span<float>(Storage.Pointer, checked((int)Count));
            }
        }
    }

    /// <summary>
    /// Whether a gradient with respect to this tensor is wanted. A frozen parameter has false and costs no gradient
    /// work.
    /// </summary>
    public bool NeedsGradient { get; set; }

    /// <summary>The accumulated gradient, of the same shape; null until something has been added.</summary>
    public Tensor? Gradient { get; internal set; }

    /// <summary>The parameter's name (equal to its checkpoint key), or null for an activation.</summary>
    public string? Name { get; init; }

    internal Storage Storage
    {
        get => _storage ?? throw new InvalidOperationException($"{this} was used after its memory was given back");
        private set => _storage = value;
    }

    /// <summary>Whether nothing was written yet: what adds must store instead.</summary>
    internal bool Blank { get; set; }

    /// <summary>Whether the memory comes from a tape's pool.</summary>
    internal bool Pooled { get; init; }

    /// <summary>
    /// The operation that makes the values again when their memory was given back before the backward pass; null where
    /// it is kept.
    /// </summary>
    internal Tape.Node? MadeAgainBy { get; set; }

    /// <summary>
    /// Whether its memory has become another tensor's, which writes over it: the values may still be read until then,
    /// but the memory is the other's to give back.
    /// </summary>
    internal bool Lent { get; set; }

    /// <summary>
    /// Whether it is kept for the backward pass as it is, not as bfloat16 (see <see cref="Tape.Exact"/>).
    /// </summary>
    internal bool Exact { get; set; }

    /// <summary>Its numbers as bfloat16 while it has no memory of its own; null where they were not packed.</summary>
    internal Tensor? Packed { get; set; }

    internal bool HasMemory => _storage is not null;

    /// <summary>
    /// How many scopes and recorded operations still want this tensor; its memory returns to the pool at 0.
    /// </summary>
    internal int Holds { get; set; }

    internal unsafe float* Pointer => Storage.Pointer;

    /// <summary>A copy of <paramref name="values"/> as a free-standing tensor.</summary>
    public static Tensor From(ReadOnlySpan<float> values, params ReadOnlySpan<int> shape)
    {
        var tensor = new Tensor(shape);
        if (values.Length != tensor.Count)
            throw new ArgumentException($"{values.Length} values do not fill shape {ShapeText(shape)}");
        values.CopyTo(tensor.Span);
        return tensor;
    }

    /// <summary>Sets all numbers to <paramref name="value"/>, where they are.</summary>
    public void Fill(float value)
    {
        if (!Storage.FillOnDevice(Count, value))
            Span.Fill(value);
    }

    /// <summary>Whether the shape equals <paramref name="shape"/>.</summary>
    public bool HasShape(params ReadOnlySpan<int> shape) => Shape.SequenceEqual(shape);

    /// <summary>
    /// Another tensor over the same memory, with gradient settings of its own: frozen weights that models share.
    /// </summary>
    public Tensor Alias() => new(Storage, Shape) { Name = Name };

    /// <inheritdoc/>
    public override string ToString() => $"{Name ?? "tensor"} {ShapeText(Shape)}";

    /// <summary>A shape as it is shown to people, e.g. (4, 197, 384).</summary>
    public static string ShapeText(ReadOnlySpan<int> shape) => $"({string.Join(", ", shape.ToArray())})";

    /// <summary>Makes the object a new tensor, as the constructor does: a tape's next pass needs no new ones.</summary>
    internal void Renew(Storage storage, ReadOnlySpan<int> shape)
    {
        Count = CountIn(storage, shape);
        if (_shape.Length == shape.Length)
            shape.CopyTo(_shape);
        else
            _shape = shape.ToArray();
        Storage = storage;
        (Gradient, Packed, MadeAgainBy) = (null, null, null);
        Blank = Lent = Exact = false;
    }

    internal Storage Detach()
    {
        Storage storage = Storage;
        _storage = null;
        return storage;
    }

    internal void Attach(Storage storage)
    {
        _storage = storage;
        Lent = false;
    }

    private static long CountIn(Storage storage, ReadOnlySpan<int> shape)
    {
        long count = CountOf(shape);
        return count <= storage.Count ? count : throw new ArgumentException(
            $"a tensor of shape {ShapeText(shape)} does not fit {storage.Count} numbers");
    }

    internal static long CountOf(ReadOnlySpan<int> shape)
    {
        long count = 1;
        foreach (int size in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(size, nameof(shape));
            count = checked(count * size);
        }

        return count;
    }

    /// <summary>Whether the caller is the first to write and must write every number.</summary>
    internal bool TakeBlank()
    {
        bool blank = Blank;
        Blank = false;
        return blank;
    }
}
