using System.Runtime.CompilerServices;

namespace VisionMamba.Tensors.Cpu;

// The recurrence of a group of channels over a block of steps. Lanes own channels; state n of the group is the vector
// at n * T.Count, "b" points at B of the block's first step (C follows at + state) and bStride leads to the next step's
// row.
//
// Four states at a time: their exponentials run in step and take AVX2's sixteen registers, so the forward loop leaves
// the states themselves in memory (kept in registers too they were spilled: 9.3 cycles a state instead of 8.1). Each
// loop is a method of its own, never inlined: inlined into their callers the compiler ran out of registers. They are
// compiled in full at the first call: in the quick code that methods start with, a scan takes eight times as long, and
// a single prediction is over before the better code is there. The bound is the multiply pipe: 10 operations a state.
//
// "deep" says that an exponent delta a2 may be below -126, where 2^x needs its lower bound. It hardly ever is: a step
// would have to forget a state to less than 1e-38 of itself. The results are the same bits either way.
internal static unsafe partial class ScanKernels<T>
    where T : struct, ILanes<T>
{
    private const int FourStates = 4;

    private readonly struct WithSums;

    private readonly struct WithoutSums;

    private readonly struct Deep;

    private readonly struct Shallow;

    /// <summary>h = exp2(delta a2) h + deltaU B for all states and steps; sum_t = C_t h_t.</summary>
    public static void Advance(
        float* delta, float* deltaU, float* a2, float* h, float* b, long bStride, int steps, int state, float* sum,
        bool deep)
    {
        if (deep)
            Advance<WithSums, Deep>(delta, deltaU, a2, h, b, bStride, steps, state, sum);
        else
            Advance<WithSums, Shallow>(delta, deltaU, a2, h, b, bStride, steps, state, sum);
    }

    /// <summary>As <see cref="Advance"/>, without the sums.</summary>
    public static void AdvanceStates(
        float* delta, float* deltaU, float* a2, float* h, float* b, long bStride, int steps, int state, bool deep)
    {
        if (deep)
            Advance<WithoutSums, Deep>(delta, deltaU, a2, h, b, bStride, steps, state, sum: null);
        else
            Advance<WithoutSums, Shallow>(delta, deltaU, a2, h, b, bStride, steps, state, sum: null);
    }

    private static void Advance<TSums, TDepth>(
        float* delta, float* deltaU, float* a2, float* h, float* b, long bStride, int steps, int state, float* sum)
    {
        int n = 0;
        for (; n + FourStates <= state; n += FourStates)
        {
            AdvanceFour<TSums, TDepth>(
                delta, deltaU, a2 + (n * T.Count), h + (n * T.Count), b + n, bStride, steps, state, sum, n > 0);
        }

        for (; n < state; n++)
        {
            AdvanceOne<TSums>(
                delta, deltaU, a2 + (n * T.Count), h + (n * T.Count), b + n, bStride, steps, state, sum, n > 0);
        }
    }

    /// <summary>
    /// Four states over all steps. The sums are left out unless <typeparamref name="TSums"/> is <see cref="WithSums"/>,
    /// a constant to the JIT; they are added to what is there where <paramref name="add"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void AdvanceFour<TSums, TDepth>(
        float* delta, float* deltaU, float* a2, float* h, float* b, long bStride, int steps, int state, float* sum,
        bool add)
    {
        for (int i = 0; i < steps; i++, b += bStride, delta += T.Count, deltaU += T.Count, sum += T.Count)
        {
            T d = T.Load(delta);
            VectorMath.Exp2Product(
                d, T.Load(a2), T.Load(a2 + T.Count), T.Load(a2 + (2 * T.Count)), T.Load(a2 + (3 * T.Count)),
                out T e0, out T e1, out T e2, out T e3, typeof(TDepth) == typeof(Deep));
            T u = T.Load(deltaU);
            T h0 = T.Fma(e0, T.Load(h), u * b[0]);
            h0.Store(h);
            T h1 = T.Fma(e1, T.Load(h + T.Count), u * b[1]);
            h1.Store(h + T.Count);
            T h2 = T.Fma(e2, T.Load(h + (2 * T.Count)), u * b[2]);
            h2.Store(h + (2 * T.Count));
            T h3 = T.Fma(e3, T.Load(h + (3 * T.Count)), u * b[3]);
            h3.Store(h + (3 * T.Count));
            if (typeof(TSums) == typeof(WithSums))
            {
                float* c = b + state;
                T y = add ? T.Fma(h0, c[0], T.Load(sum)) : h0 * c[0];
                T.Fma(h3, c[3], T.Fma(h2, c[2], T.Fma(h1, c[1], y))).Store(sum);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void AdvanceOne<TSums>(
        float* delta, float* deltaU, float* a2, float* h, float* b, long bStride, int steps, int state, float* sum,
        bool add)
    {
        T h0 = T.Load(h);
        for (int i = 0; i < steps; i++, b += bStride, delta += T.Count, deltaU += T.Count, sum += T.Count)
        {
            h0 = T.Fma(VectorMath.Exp2Product(T.Load(delta), T.Load(a2)), h0, T.Load(deltaU) * b[0]);
            if (typeof(TSums) == typeof(WithSums))
                (add ? T.Fma(h0, b[state], T.Load(sum)) : h0 * b[state]).Store(sum);
        }

        h0.Store(h);
    }
}
