namespace VisionMamba.Tensors.Files;

/// <summary>A run of numbers with one stride: where it starts in the block, where it goes, how long it is.</summary>
internal readonly record struct TensorRow(long Source, long Stride, long Target, int Count);

/// <summary>
/// Shape, offset and strides (in elements) of an array over a block of stored numbers, checked to lie inside it.
/// </summary>
internal sealed class TensorLayout
{
    private const int MaxDimensions = 64;

    /// <summary>
    /// An expanded array may repeat its numbers up to this many; a small file must not ask for all memory.
    /// </summary>
    private const long MaxExpanded = 1L << 26;

    private readonly int[] _shape;
    private readonly long[] _strides;

    private TensorLayout(int[] shape, long offset, long[] strides, long count)
    {
        _shape = shape;
        _strides = strides;
        Offset = offset;
        Count = count;
        IsContiguous = strides.AsSpan().SequenceEqual(ContiguousStrides(shape)) || RunsThrough();
    }

    public ReadOnlySpan<int> Shape => _shape;

    public long Offset { get; }

    public long Count { get; }

    /// <summary>Whether the numbers lie one after the other in row-major order.</summary>
    public bool IsContiguous { get; }

    /// <summary>A layout over <paramref name="available"/> elements, or what is wrong with it.</summary>
    public static string? TryCreate(
        ReadOnlySpan<long> sizes, ReadOnlySpan<long> strides, long offset, long available, out TensorLayout? layout)
    {
        layout = null;
        if (sizes.Length > MaxDimensions)
            return $"has {sizes.Length} dimensions";
        if (strides.Length != sizes.Length)
            return $"has {sizes.Length} sizes but {strides.Length} strides";
        if (CountOf(sizes) is not { } count)
            return "has a size that is negative or too large";
        if (offset < 0 || offset > available)
            return "starts outside its data";
        Int128 last = offset;
        for (int i = 0; i < sizes.Length; i++)
        {
            if (strides[i] < 0)
                return "has a negative stride";
            last += (Int128)Math.Max(sizes[i] - 1, 0) * strides[i];
        }

        if (count > 0 && last >= available)
            return "reaches beyond its data";
        if (count > Math.Max(available, MaxExpanded))
            return $"repeats {available} stored numbers into {count}";
        int[] shape = new int[sizes.Length];
        for (int i = 0; i < shape.Length; i++)
            shape[i] = (int)sizes[i];
        layout = new TensorLayout(shape, offset, strides.ToArray(), count);
        return null;
    }

    /// <summary>The strides of a row-major array.</summary>
    public static long[] ContiguousStrides(ReadOnlySpan<int> shape)
    {
        long[] strides = new long[shape.Length];
        long stride = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride = unchecked(stride * Math.Max(shape[i], 1));
        }

        return strides;
    }

    /// <summary>
    /// The product of the sizes, or null where one is negative, above 2^31-1, or the product overflows.
    /// </summary>
    public static long? CountOf(ReadOnlySpan<long> sizes)
    {
        // Sizes next to a 0 must still multiply to something sane: Tensor computes the same product.
        Int128 count = 1, nonZero = 1;
        foreach (long size in sizes)
        {
            if (size is < 0 or > int.MaxValue)
                return null;
            count *= size;
            nonZero *= Math.Max(size, 1);
            if (nonZero > long.MaxValue)
                return null;
        }

        return (long)count;
    }

    /// <summary>The runs that make up the array, in row-major order.</summary>
    public IEnumerable<TensorRow> Rows()
    {
        if (Count == 0)
            yield break;
        if (IsContiguous || _shape.Length == 0)
        {
            yield return new TensorRow(Offset, 1, 0, checked((int)Count));
            yield break;
        }

        int inner = _shape.Length - 1;
        int[] index = new int[inner];
        long source = Offset;
        for (long target = 0; target < Count; target += _shape[inner])
        {
            yield return new TensorRow(source, _strides[inner], target, _shape[inner]);
            for (int i = inner - 1; i >= 0; i--)
            {
                source += _strides[i];
                if (++index[i] < _shape[i])
                    break;
                source -= index[i] * _strides[i];
                index[i] = 0;
            }
        }
    }

    /// <summary>Strides of dimensions of size 1 do not matter.</summary>
    private bool RunsThrough()
    {
        long expected = 1;
        for (int i = _shape.Length - 1; i >= 0; i--)
        {
            if (_shape[i] == 1)
                continue;
            if (_strides[i] != expected)
                return false;
            expected *= _shape[i];
        }

        return true;
    }
}
