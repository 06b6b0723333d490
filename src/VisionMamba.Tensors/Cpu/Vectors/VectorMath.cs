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
    /// 2^x for x in [-126, 126] (smaller x give 2^-126): degree 5 on [-1/2, 1/2], 9.2e-8 relative error.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp2<T>(T x)
        where T : struct, ILanes<T>
    {
        x = T.Max(T.Create(LeastExponent), x);
        T shifted = x + T.Create(RoundingShift);
        T f = x - (shifted - T.Create(RoundingShift));
        T p = T.Fma(f, T.Create(C5), T.Create(C4));
        p = T.Fma(f, p, T.Create(C3));
        p = T.Fma(f, p, T.Create(C2));
        p = T.Fma(f, p, T.Create(C1));
        p = T.Fma(f, p, T.Create(1f));
        return T.Scale(p, shifted);
    }

    /// <summary>
    /// Four of <see cref="Exp2{T}(T)"/> in step, the same bits. One after the other, each is a chain of 38 cycles, and
    /// a processor's window holds too few of them to fill its pipes: 7.8 cycles each, in step 6.4. Where no x is
    /// <paramref name="deep"/>, below -126, the maxima are left out: one operation of twelve.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Exp2<T>(ref T x0, ref T x1, ref T x2, ref T x3, bool deep)
        where T : struct, ILanes<T>
    {
        if (deep)
        {
            T least = T.Create(LeastExponent);
            (x0, x1, x2, x3) = (T.Max(least, x0), T.Max(least, x1), T.Max(least, x2), T.Max(least, x3));
        }

        T c = T.Create(RoundingShift);
        T shifted0 = x0 + c, shifted1 = x1 + c, shifted2 = x2 + c, shifted3 = x3 + c;
        x0 -= shifted0 - c;
        x1 -= shifted1 - c;
        x2 -= shifted2 - c;
        x3 -= shifted3 - c;
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
