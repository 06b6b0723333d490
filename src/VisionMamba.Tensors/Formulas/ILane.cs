namespace VisionMamba.Tensors;

/// <summary>
/// Numbers that are computed together: a vector register on the processor, one number in a GPU's thread. Pointwise
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
