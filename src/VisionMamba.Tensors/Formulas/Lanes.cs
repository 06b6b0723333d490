using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VisionMamba.Tensors;

/// <summary>
/// Numbers that are computed together: a vector of 16 on the processor, one number in a GPU's thread. Pointwise
/// formulas are written once, over this.
/// </summary>
public interface ILane<T>
    where T : struct, ILane<T>
{
    /// <summary>The sum.</summary>
    static abstract T operator +(T a, T b);

    /// <summary>The difference.</summary>
    static abstract T operator -(T a, T b);

    /// <summary>The product.</summary>
    static abstract T operator *(T a, T b);

    /// <summary>The product with the same factor everywhere.</summary>
    static abstract T operator *(T a, float b);

    /// <summary>The quotient.</summary>
    static abstract T operator /(T a, T b);

    /// <summary>The same number everywhere.</summary>
    static abstract T Create(float value);

    /// <summary>a b + c, rounded once where the device can.</summary>
    static abstract T Fma(T a, float b, T c);

    /// <summary>The square root.</summary>
    static abstract T Sqrt(T a);

    /// <summary>1, 0 or -1; 0 for NaN.</summary>
    static abstract T Sign(T a);
}

/// <summary>16 numbers on the processor.</summary>
internal readonly struct VectorLane(Vector512<float> value) : ILane<VectorLane>
{
    /// <summary>The vector.</summary>
    public readonly Vector512<float> Value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane operator +(VectorLane a, VectorLane b) => new(a.Value + b.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane operator -(VectorLane a, VectorLane b) => new(a.Value - b.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane operator *(VectorLane a, VectorLane b) => new(a.Value * b.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane operator *(VectorLane a, float b) => new(a.Value * b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane operator /(VectorLane a, VectorLane b) => new(a.Value / b.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane Create(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane Fma(VectorLane a, float b, VectorLane c) =>
        new(Vector512.MultiplyAddEstimate(a.Value, Vector512.Create(b), c.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane Sqrt(VectorLane a) => new(Vector512.Sqrt(a.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane Sign(VectorLane a)
    {
        Vector512<float> one = Vector512<float>.One, zero = Vector512<float>.Zero;
        return new(Vector512.ConditionalSelect(Vector512.GreaterThan(a.Value, zero), one,
            Vector512.ConditionalSelect(Vector512.LessThan(a.Value, zero), -one, zero)));
    }
}
