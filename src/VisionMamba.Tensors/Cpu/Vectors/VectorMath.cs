using System.Runtime.CompilerServices;

namespace VisionMamba.Tensors.Cpu;

/// <summary>
/// Vector functions, written once for every width: the results are the same bits with AVX-512 and with AVX2; without
/// fused multiply-add hardware they differ in the last bits.
/// </summary>
internal static class VectorMath
{
    public const float Log2E = 1.44269504f;
    public const float Ln2 = 0.693147181f;
    public const int MantissaBits = 23;

    // Adding 1.5 * 2^23 rounds to the nearest integer and leaves that integer in the low mantissa bits.
    private const float RoundingShift = 12582912f;

    // 2^x on [-1/2, 1/2], 1 at 0.
    private const float C1 = 0.6931470036506653f, C2 = 0.24022242426872253f, C3 = 0.05550733581185341f;
    private const float C4 = 0.009671512991189957f, C5 = 0.001326472731307149f;

    /// <summary>The least exponent whose power of two is a normal number.</summary>
    public const float LeastExponent = -126;

    /// <summary>
    /// 2^(d a) for d a in [-126, 126] (below it gives at most 2^-126): degree 5 on [-1/2, 1/2], 9.2e-8 relative error.
    /// The product is not rounded: with fused multiply-add it is as exact far from 0 as near it, and takes an operation
    /// less.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp2Product<T>(T d, T a)
        where T : struct, ILanes<T>
    {
        T shifted = T.Max(T.Create(RoundingShift + LeastExponent), T.Fma(d, a, T.Create(RoundingShift)));
        T f = T.Max(T.Create(-0.5f), T.Fma(d, a, T.Create(RoundingShift) - shifted));
        T p = T.Fma(f, T.Create(C5), T.Create(C4));
        p = T.Fma(f, p, T.Create(C3));
        p = T.Fma(f, p, T.Create(C2));
        p = T.Fma(f, p, T.Create(C1));
        p = T.Fma(f, p, T.Create(1f));
        return T.Scale(p, shifted);
    }

    /// <summary>
    /// Four of <see cref="Exp2Product{T}(T, T)"/> in step, the same bits. One after the other, each is a chain of 38
    /// cycles, and a processor's window holds too few of them to fill its pipes: 7.8 cycles each, in step 6.4. Where no
    /// product is <paramref name="deep"/>, below -126, the maxima are left out: two operations of twelve.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Exp2Product<T>(
        T d, T a0, T a1, T a2, T a3, out T x0, out T x1, out T x2, out T x3, bool deep)
        where T : struct, ILanes<T>
    {
        T c = T.Create(RoundingShift);
        T shifted0 = T.Fma(d, a0, c), shifted1 = T.Fma(d, a1, c);
        T shifted2 = T.Fma(d, a2, c), shifted3 = T.Fma(d, a3, c);
        if (deep)
        {
            T least = T.Create(RoundingShift + LeastExponent);
            (shifted0, shifted1) = (T.Max(least, shifted0), T.Max(least, shifted1));
            (shifted2, shifted3) = (T.Max(least, shifted2), T.Max(least, shifted3));
        }

        x0 = T.Fma(d, a0, c - shifted0);
        x1 = T.Fma(d, a1, c - shifted1);
        x2 = T.Fma(d, a2, c - shifted2);
        x3 = T.Fma(d, a3, c - shifted3);
        if (deep)
        {
            T half = T.Create(-0.5f);
            (x0, x1, x2, x3) = (T.Max(half, x0), T.Max(half, x1), T.Max(half, x2), T.Max(half, x3));
        }

        T c5 = T.Create(C5), c4 = T.Create(C4);
        T p0 = T.Fma(x0, c5, c4), p1 = T.Fma(x1, c5, c4), p2 = T.Fma(x2, c5, c4), p3 = T.Fma(x3, c5, c4);
        Step(x0, x1, x2, x3, T.Create(C3), ref p0, ref p1, ref p2, ref p3);
        Step(x0, x1, x2, x3, T.Create(C2), ref p0, ref p1, ref p2, ref p3);
        Step(x0, x1, x2, x3, T.Create(C1), ref p0, ref p1, ref p2, ref p3);
        Step(x0, x1, x2, x3, T.Create(1f), ref p0, ref p1, ref p2, ref p3);
        x0 = T.Scale(p0, shifted0);
        x1 = T.Scale(p1, shifted1);
        x2 = T.Scale(p2, shifted2);
        x3 = T.Scale(p3, shifted3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<T>(T x0, T x1, T x2, T x3, T c, ref T p0, ref T p1, ref T p2, ref T p3)
        where T : struct, ILanes<T>
    {
        p0 = T.Fma(x0, p0, c);
        p1 = T.Fma(x1, p1, c);
        p2 = T.Fma(x2, p2, c);
        p3 = T.Fma(x3, p3, c);
    }

    /// <summary>
    /// e^x to 2 units in the last place, clamped to [e^-87, e^88]: x = n ln2 + f with ln2 in two pieces
    /// (Cody and Waite 1980), degree 5 on [-ln2/2, ln2/2], 9.2e-8 relative error, in two halves that overlap.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x)
        where T : struct, ILanes<T> => ExpBelow88(T.Min(T.Create(88f), x));

    /// <summary>As <see cref="Exp"/> for numbers that are not above 88.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T ExpBelow88<T>(T x)
        where T : struct, ILanes<T>
    {
        // NaN comes out as NaN: it is the second operand.
        x = T.Max(T.Create(-87f), x);
        T shifted = T.Fma(x, T.Create(Log2E), T.Create(RoundingShift));
        T n = shifted - T.Create(RoundingShift);
        T f = T.Fma(n, T.Create(-0.693359375f), x);
        f = T.Fma(n, T.Create(2.12194440e-4f), f);
        T high = T.Fma(f, T.Create(0.0082903066650033f), T.Create(0.0418979749083519f));
        T middle = T.Fma(f, T.Create(0.1666763722896576f), T.Create(0.4999915063381195f));
        T low = T.Fma(f, T.Create(0.9999997019767761f), T.Create(1f));
        T square = f * f;
        return T.Scale(T.Fma(square, T.Fma(square, high, middle), low), shifted);
    }

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x)
        where T : struct, ILanes<T> => T.Create(1f) / (T.Create(1f) + Exp(-x));

    /// <summary>x sigmoid(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Silu<T>(T x)
        where T : struct, ILanes<T> => x / (T.Create(1f) + Exp(-x));

    /// <summary>d silu / dx = s (1 + x (1 - s)) with s = sigmoid(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T SiluSlope<T>(T x, T sigmoid)
        where T : struct, ILanes<T> => sigmoid * T.Fma(x, T.Create(1f) - sigmoid, T.Create(1f));

    /// <summary>
    /// log(1 + e^x) = max(x, 0) + log1p(e^-|x|), with log1p(e) = 2 atanh(s) and s = e / (2 + e): accurate to 2e-7
    /// relative also where the result is tiny. atanh(s) / s in s^2 of degree 4 on [0, 1/9], 4.5e-9 relative error.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Softplus<T>(T x)
        where T : struct, ILanes<T>
    {
        T e = ExpBelow88(-T.Abs(x));
        T s = e / (e + T.Create(2f));
        T q = s * s;
        T high = T.Fma(q, T.Create(0.1400633305311203f), T.Create(0.14000838994979858f));
        T low = T.Fma(q, T.Create(0.3333320915699005f), T.Create(1f));
        T square = q * q;
        T p = T.Fma(square, T.Fma(q, high, T.Create(0.2001076638698578f)), low);
        return T.Fma(s + s, p, T.Max(T.Create(0f), x));
    }
}
