using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace VisionMamba.Tensors.Cpu;

/// <summary>
/// 16 lanes at a time, whatever registers they take: for kernels that the memory bounds. Those that the arithmetic
/// bounds are written over <see cref="ILanes{T}"/>.
/// </summary>
internal static unsafe class Simd
{
    /// <summary>Channels per vector.</summary>
    public const int Lanes = 16;

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

    // Masked accesses do not touch memory past the count, and unlike a call they leave the caller's vectors in
    // registers (no vector register survives a call): the convolution ran 4 times slower with a call in its loop.
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

    /// <summary>Loads up to four numbers; 0 where <paramref name="count"/> ends, which may be below 1.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector128<float> LoadQuad(float* from, int count) => Vector128.Create(
        count > 0 ? from[0] : 0, count > 1 ? from[1] : 0, count > 2 ? from[2] : 0, count > 3 ? from[3] : 0);

    /// <summary>Stores the first <paramref name="count"/> of four numbers; none where it is below 1.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void StoreQuad(Vector128<float> value, float* to, int count)
    {
        for (int i = 0; i < Math.Min(count, Vector128<float>.Count); i++)
            to[i] = value[i];
    }

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
