using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace VisionMamba.Tensors.Cpu;

/// <summary>
/// Vector functions of 16 lanes, written once: the results are the same bits with AVX-512 and with AVX2; without fused
/// multiply-add hardware they differ in the last bits.
/// </summary>
internal static unsafe class Simd
{
    /// <summary>Channels per vector.</summary>
    public const int Lanes = 16;

    public const float Log2E = 1.44269504f;
    public const float Ln2 = 0.693147181f;

    // Adding 1.5 * 2^23 rounds to the nearest integer and leaves that integer in the low mantissa bits.
    private const float RoundingShift = 12582912f;

    /// <summary>2^x for x in [-126, 126] (smaller x give 2^-126): degree 5 on [-1/2, 1/2], 9.2e-8 relative error.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp2(Vector512<float> x)
    {
        x = Vector512.MaxNative(x, Vector512.Create(-126f));
        Vector512<float> shifted = x + Vector512.Create(RoundingShift);
        Vector512<float> f = x - (shifted - Vector512.Create(RoundingShift));
        Vector512<float> p = Vector512.MultiplyAddEstimate(
            f, Vector512.Create(0.001326472731307149f), Vector512.Create(0.009671512991189957f));
        p = Vector512.MultiplyAddEstimate(f, p, Vector512.Create(0.05550733581185341f));
        p = Vector512.MultiplyAddEstimate(f, p, Vector512.Create(0.24022242426872253f));
        p = Vector512.MultiplyAddEstimate(f, p, Vector512.Create(0.6931470036506653f));
        p = Vector512.MultiplyAddEstimate(f, p, Vector512<float>.One);
        return (p.AsInt32() + Vector512.ShiftLeft(shifted.AsInt32(), 23)).AsSingle();
    }

    /// <summary>
    /// e^x to 2 units in the last place, clamped to [e^-87, e^88]: x = n ln2 + f with ln2 in two pieces
    /// (Cody and Waite 1980), degree 6 in f / ln2.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        // NaN must come out as NaN: Max and Min propagate it, MaxNative does not.
        x = Vector512.Min(Vector512.Max(x, Vector512.Create(-87f)), Vector512.Create(88f));
        Vector512<float> shifted = Vector512.MultiplyAddEstimate(
            x, Vector512.Create(Log2E), Vector512.Create(RoundingShift));
        Vector512<float> n = shifted - Vector512.Create(RoundingShift);
        Vector512<float> f = Vector512.MultiplyAddEstimate(n, Vector512.Create(-0.693359375f), x);
        f = Vector512.MultiplyAddEstimate(n, Vector512.Create(2.12194440e-4f), f) * Vector512.Create(Log2E);
        Vector512<float> p = Vector512.MultiplyAddEstimate(
            f, Vector512.Create(0.00015353361959569156f), Vector512.Create(0.0013398875016719103f));
        p = Vector512.MultiplyAddEstimate(f, p, Vector512.Create(0.00961843691766262f));
        p = Vector512.MultiplyAddEstimate(f, p, Vector512.Create(0.055503323674201965f));
        p = Vector512.MultiplyAddEstimate(f, p, Vector512.Create(0.24022647738456726f));
        p = Vector512.MultiplyAddEstimate(f, p, Vector512.Create(0.6931471824645996f));
        p = Vector512.MultiplyAddEstimate(f, p, Vector512<float>.One);
        return (p.AsInt32() + Vector512.ShiftLeft(shifted.AsInt32(), 23)).AsSingle();
    }

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sigmoid(Vector512<float> x) =>
        Vector512<float>.One / (Vector512<float>.One + Exp(-x));

    /// <summary>x sigmoid(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Silu(Vector512<float> x) => x / (Vector512<float>.One + Exp(-x));

    /// <summary>d silu / dx = s (1 + x (1 - s)) with s = sigmoid(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> SiluSlope(Vector512<float> x, Vector512<float> sigmoid) =>
        sigmoid * Vector512.MultiplyAddEstimate(x, Vector512<float>.One - sigmoid, Vector512<float>.One);

    /// <summary>
    /// log(1 + e^x) = max(x, 0) + log1p(e^-|x|), with log1p(e) = 2 atanh(e / (2 + e)) as a series: accurate to 1e-7
    /// relative also where the result is tiny.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Softplus(Vector512<float> x)
    {
        Vector512<float> e = Exp(-Vector512.Abs(x));
        Vector512<float> s = e / (e + Vector512.Create(2f));
        Vector512<float> q = s * s;
        Vector512<float> p = Vector512.MultiplyAddEstimate(q, Vector512.Create(1f / 13), Vector512.Create(1f / 11));
        p = Vector512.MultiplyAddEstimate(q, p, Vector512.Create(1f / 9));
        p = Vector512.MultiplyAddEstimate(q, p, Vector512.Create(1f / 7));
        p = Vector512.MultiplyAddEstimate(q, p, Vector512.Create(1f / 5));
        p = Vector512.MultiplyAddEstimate(q, p, Vector512.Create(1f / 3));
        p = Vector512.MultiplyAddEstimate(q, p, Vector512<float>.One);
        return Vector512.MultiplyAddEstimate(s + s, p, Vector512.Max(x, Vector512<float>.Zero));
    }

    /// <summary>a b + c.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Fma(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Vector512.MultiplyAddEstimate(a, b, c);

    /// <summary>Loads <paramref name="count"/> numbers (1 to 16); the other lanes are 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* from, int count) =>
        count >= Lanes ? Vector512.Load(from) : LoadTail(from, count);

    /// <summary>Stores the first <paramref name="count"/> lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, float* to, int count)
    {
        if (count >= Lanes)
            value.Store(to);
        else
            StoreTail(value, to, count);
    }

    /// <summary>Adds the first <paramref name="count"/> lanes to memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(Vector512<float> value, float* to, int count) => Store(Load(to, count) + value, to, count);

    // Masked accesses do not touch memory past the count, and unlike a call they leave the caller's vectors in registers
    // (no vector register survives a call): the convolution ran 4 times slower with a call in its loop.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> LoadTail(float* from, int count)
    {
        if (Avx512F.IsSupported)
            return Avx512F.MaskLoad(from, First(count).AsSingle(), Vector512<float>.Zero);
        if (Avx.IsSupported)
        {
            Vector512<float> mask = First(count).AsSingle();
            return Vector512.Create(
                Avx.MaskLoad(from, mask.GetLower()), Avx.MaskLoad(from + (Lanes / 2), mask.GetUpper()));
        }

        return LoadSingly(from, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreTail(Vector512<float> value, float* to, int count)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.MaskStore(to, First(count).AsSingle(), value);
        }
        else if (Avx.IsSupported)
        {
            Vector512<float> mask = First(count).AsSingle();
            Avx.MaskStore(to, mask.GetLower(), value.GetLower());
            Avx.MaskStore(to + (Lanes / 2), mask.GetUpper(), value.GetUpper());
        }
        else
        {
            StoreSingly(value, to, count);
        }
    }

    /// <summary>All bits set in the first <paramref name="count"/> lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> First(int count) =>
        Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector512<float> LoadSingly(float* from, int count)
    {
        float* lanes = stackalloc float[Lanes];
        for (int i = 0; i < Lanes; i++)
            lanes[i] = i < count ? from[i] : 0;
        return Vector512.Load(lanes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreSingly(Vector512<float> value, float* to, int count)
    {
        float* lanes = stackalloc float[Lanes];
        value.Store(lanes);
        for (int i = 0; i < count; i++)
            to[i] = lanes[i];
    }
}
