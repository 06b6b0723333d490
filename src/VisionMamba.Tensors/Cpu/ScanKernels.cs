using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VisionMamba.Tensors.Cpu;

// The recurrence of 16 channels over a block of steps. Lanes own channels; state n of the group is the vector at
// n * 16, "b" points at B of the block's first step (C follows at + state) and bStride leads to the next step's row.
//
// Each loop over the states is a method of its own, never inlined: inlined into their callers the compiler ran out of
// registers and kept the sums in memory, which cost 1.6 times the time. Eight states an iteration share the loads of the
// exponential's constants and stay in registers. The bound is the multiply pipe: 9 operations a state, 2.7 ns measured
// in cache at 3.7 GHz.
internal static unsafe partial class ScanKernels
{
    private const int EightStates = 8;

    private readonly struct WithSums;

    private readonly struct WithoutSums;

    /// <summary>h = exp2(delta a2) h + deltaU B for all states and steps; sum_t = C_t h_t.</summary>
    public static void Advance(
        float* delta, float* deltaU, float* a2, float* h, float* b, long bStride, int steps, int state, float* sum)
    {
        int n = 0;
        for (; n + EightStates <= state; n += EightStates)
        {
            AdvanceEight<WithSums>(
                delta, deltaU, a2 + (n * Simd.Lanes), h + (n * Simd.Lanes), b + n, bStride, steps, state, sum, n > 0);
        }

        if (n < state)
            AdvanceRest(delta, deltaU, a2, h, b, bStride, steps, n, state, sum);
    }

    /// <summary>
    /// Eight states over all steps, in registers: loading and storing them at each step took a seventh of the time. The
    /// sums are left out unless <typeparamref name="TSums"/> is <see cref="WithSums"/>, a constant to the JIT.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AdvanceEight<TSums>(
        float* delta, float* deltaU, float* a2, float* h, float* b, long bStride, int steps, int state, float* sum,
        bool add)
    {
        const int V = Simd.Lanes;
        Vector512<float> h0 = Vector512.Load(h), h1 = Vector512.Load(h + V);
        Vector512<float> h2 = Vector512.Load(h + (2 * V)), h3 = Vector512.Load(h + (3 * V));
        Vector512<float> h4 = Vector512.Load(h + (4 * V)), h5 = Vector512.Load(h + (5 * V));
        Vector512<float> h6 = Vector512.Load(h + (6 * V)), h7 = Vector512.Load(h + (7 * V));
        for (int i = 0; i < steps; i++, b += bStride, delta += V, deltaU += V)
        {
            Vector512<float> d = Vector512.Load(delta), u = Vector512.Load(deltaU);
            float* c = b + state;
            Vector512<float> odd = Vector512<float>.Zero, even = add ? Vector512.Load(sum + (i * V)) : odd;
            h0 = Simd.Fma(Simd.Exp2(d * Vector512.Load(a2)), h0, u * Vector512.Create(b[0]));
            if (typeof(TSums) == typeof(WithSums))
                even = Simd.Fma(h0, Vector512.Create(c[0]), even);
            h1 = Simd.Fma(Simd.Exp2(d * Vector512.Load(a2 + V)), h1, u * Vector512.Create(b[1]));
            if (typeof(TSums) == typeof(WithSums))
                odd = Simd.Fma(h1, Vector512.Create(c[1]), odd);
            h2 = Simd.Fma(Simd.Exp2(d * Vector512.Load(a2 + (2 * V))), h2, u * Vector512.Create(b[2]));
            if (typeof(TSums) == typeof(WithSums))
                even = Simd.Fma(h2, Vector512.Create(c[2]), even);
            h3 = Simd.Fma(Simd.Exp2(d * Vector512.Load(a2 + (3 * V))), h3, u * Vector512.Create(b[3]));
            if (typeof(TSums) == typeof(WithSums))
                odd = Simd.Fma(h3, Vector512.Create(c[3]), odd);
            h4 = Simd.Fma(Simd.Exp2(d * Vector512.Load(a2 + (4 * V))), h4, u * Vector512.Create(b[4]));
            if (typeof(TSums) == typeof(WithSums))
                even = Simd.Fma(h4, Vector512.Create(c[4]), even);
            h5 = Simd.Fma(Simd.Exp2(d * Vector512.Load(a2 + (5 * V))), h5, u * Vector512.Create(b[5]));
            if (typeof(TSums) == typeof(WithSums))
                odd = Simd.Fma(h5, Vector512.Create(c[5]), odd);
            h6 = Simd.Fma(Simd.Exp2(d * Vector512.Load(a2 + (6 * V))), h6, u * Vector512.Create(b[6]));
            if (typeof(TSums) == typeof(WithSums))
                even = Simd.Fma(h6, Vector512.Create(c[6]), even);
            h7 = Simd.Fma(Simd.Exp2(d * Vector512.Load(a2 + (7 * V))), h7, u * Vector512.Create(b[7]));
            if (typeof(TSums) == typeof(WithSums))
                odd = Simd.Fma(h7, Vector512.Create(c[7]), odd);
            if (typeof(TSums) == typeof(WithSums))
                (even + odd).Store(sum + (i * V));
        }

        h0.Store(h);
        h1.Store(h + V);
        h2.Store(h + (2 * V));
        h3.Store(h + (3 * V));
        h4.Store(h + (4 * V));
        h5.Store(h + (5 * V));
        h6.Store(h + (6 * V));
        h7.Store(h + (7 * V));
    }

    /// <summary>The states from <paramref name="from"/> on, one by one.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AdvanceRest(
        float* delta, float* deltaU, float* a2, float* h, float* b, long bStride, int steps, int from, int state,
        float* sum)
    {
        for (int i = 0; i < steps; i++, b += bStride, delta += Simd.Lanes, deltaU += Simd.Lanes, sum += Simd.Lanes)
        {
            Vector512<float> d = Vector512.Load(delta), u = Vector512.Load(deltaU);
            Vector512<float> y = from > 0 ? Vector512.Load(sum) : Vector512<float>.Zero;
            for (int n = from; n < state; n++)
            {
                Vector512<float> s = Next(d, u, a2 + (n * Simd.Lanes), h + (n * Simd.Lanes), b[n]);
                s.Store(h + (n * Simd.Lanes));
                y = Simd.Fma(s, Vector512.Create(b[state + n]), y);
            }

            y.Store(sum);
        }
    }

    /// <summary>As <see cref="Advance"/>, without the sums.</summary>
    public static void AdvanceStates(
        float* delta, float* deltaU, float* a2, float* h, float* b, long bStride, int steps, int state)
    {
        int n = 0;
        for (; n + EightStates <= state; n += EightStates)
        {
            AdvanceEight<WithoutSums>(
                delta, deltaU, a2 + (n * Simd.Lanes), h + (n * Simd.Lanes), b + n, bStride, steps, state, sum: null,
                add: false);
        }

        for (int i = 0; n < state && i < steps; i++)
            AdvanceRestOfStep(delta + (i * Simd.Lanes), deltaU + (i * Simd.Lanes), a2, h, b + (i * bStride), n, state);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AdvanceRestOfStep(
        float* delta, float* deltaU, float* a2, float* h, float* b, int from, int state)
    {
        Vector512<float> d = Vector512.Load(delta), u = Vector512.Load(deltaU);
        for (int n = from; n < state; n++)
            Next(d, u, a2 + (n * Simd.Lanes), h + (n * Simd.Lanes), b[n]).Store(h + (n * Simd.Lanes));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Next(Vector512<float> delta, Vector512<float> deltaU, float* a2, float* h, float b) =>
        Simd.Fma(Simd.Exp2(delta * Vector512.Load(a2)), Vector512.Load(h), deltaU * Vector512.Create(b));
}
