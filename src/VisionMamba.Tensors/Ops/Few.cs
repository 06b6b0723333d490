using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace VisionMamba.Tensors;

/// <summary>A few values in a row, as what an operation records: without an array to collect.</summary>
internal readonly struct Few<T>
{
    /// <summary>So many at most.</summary>
    public const int Most = 8;

    private readonly Values _values;
    private readonly int _count;

    public Few(ReadOnlySpan<T> values)
    {
        if (values.Length > Most)
            throw new ArgumentException($"an operation takes {Most} parts at most, not {values.Length}");
        _count = values.Length;
        values.CopyTo(_values);
    }

    [UnscopedRef]
    public ReadOnlySpan<T> Span => ((ReadOnlySpan<T>)_values)[.._count];

    [InlineArray(Most)]
    private struct Values
    {
        private T _first;
    }
}
