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
internal static unsafe class ScanKernels
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

    /// <summary>
    /// As <see cref="AdvanceStates"/>, keeping everything: states has steps + 1 rows of state vectors, the first given;
    /// decays gets a row a step.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void AdvanceKeeping(
        float* delta, float* deltaU, float* a2, float* states, float* decays, float* b, long bStride, int steps, int state)
    {
        int row = state * Simd.Lanes;
        for (int i = 0; i < steps; i++, b += bStride, states += row, decays += row)
        {
            Vector512<float> d = Vector512.Load(delta + (i * Simd.Lanes)), u = Vector512.Load(deltaU + (i * Simd.Lanes));
            int n = 0;
            for (; n + 2 <= state; n += 2)
            {
                int at = n * Simd.Lanes;
                Vector512<float> e0 = Simd.Exp2(d * Vector512.Load(a2 + at));
                Vector512<float> e1 = Simd.Exp2(d * Vector512.Load(a2 + at + Simd.Lanes));
                e0.Store(decays + at);
                e1.Store(decays + at + Simd.Lanes);
                Simd.Fma(e0, Vector512.Load(states + at), u * Vector512.Create(b[n])).Store(states + row + at);
                Simd.Fma(e1, Vector512.Load(states + at + Simd.Lanes), u * Vector512.Create(b[n + 1]))
                    .Store(states + row + at + Simd.Lanes);
            }

            if (n < state)
            {
                int at = n * Simd.Lanes;
                Vector512<float> e = Simd.Exp2(d * Vector512.Load(a2 + at));
                e.Store(decays + at);
                Simd.Fma(e, Vector512.Load(states + at), u * Vector512.Create(b[n])).Store(states + row + at);
            }
        }
    }

    /// <summary>
    /// Back through the steps of a block: adds to dB, dC and (where not null) dA, carries dh, and stores three vectors
    /// a step at sums: C h, the gradient of delta u, and the gradient of delta by way of A (times log2 e).
    /// </summary>
    public static void GoBack(in ScanBlock s, float* b, long bStride, int steps, int state)
    {
        int i = steps - 1;
        for (; i >= 1; i -= 2)
            GoBackTwo(s, b, bStride, i, state);
        if (i == 0)
            GoBackOne(s, b, state);
    }

    /// <summary>
    /// Steps i and i - 1 in one pass over the states: the state between them, dh, dA and A are read once, 16 loads and 6
    /// stores where two single steps take 20 and 8.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void GoBackTwo(in ScanBlock s, float* b, long bStride, int i, int state)
    {
        int row = state * Simd.Lanes, line = i * Simd.Lanes;
        float* b1 = b + (i * bStride), b0 = b1 - bStride, a2 = s.A2, dh = s.Dh, dA = s.DA;
        float* h0 = s.States + ((i - 1) * row), h1 = h0 + row, h2 = h1 + row;
        float* decay0 = s.Decays + ((i - 1) * row), decay1 = decay0 + row;
        float* dB0 = s.DBc + (2 * (i - 1) * row), dC0 = dB0 + row, dB1 = dC0 + row, dC1 = dB1 + row;
        Vector512<float> dy1 = Vector512.Load(s.Dy + line), dy0 = Vector512.Load(s.Dy + line - Simd.Lanes);
        Vector512<float> delta1 = Vector512.Load(s.Delta + line), delta0 = Vector512.Load(s.Delta + line - Simd.Lanes);
        Vector512<float> u1 = Vector512.Load(s.DeltaU + line), u0 = Vector512.Load(s.DeltaU + line - Simd.Lanes);
        Vector512<float> y0 = Vector512<float>.Zero, y1 = y0, dU0 = y0, dU1 = y0, dDelta0 = y0, dDelta1 = y0;
        for (int n = 0; n < state; n++, h0 += Simd.Lanes, h1 += Simd.Lanes, h2 += Simd.Lanes, dh += Simd.Lanes)
        {
            int at = n * Simd.Lanes;
            Vector512<float> c = Vector512.Create(b1[state + n]), h = Vector512.Load(h2), a = Vector512.Load(a2 + at);
            Vector512<float> g = Simd.Fma(dy1, c, Vector512.Load(dh));
            y1 = Simd.Fma(c, h, y1);
            Simd.Fma(dy1, h, Vector512.Load(dC1 + at)).Store(dC1 + at);
            Simd.Fma(g, u1, Vector512.Load(dB1 + at)).Store(dB1 + at);
            dU1 = Simd.Fma(g, Vector512.Create(b1[n]), dU1);
            Vector512<float> carried = g * Vector512.Load(decay1 + at);
            h = Vector512.Load(h1);
            Vector512<float> dDeltaA1 = carried * h;
            dDelta1 = Simd.Fma(dDeltaA1, a, dDelta1);

            c = Vector512.Create(b0[state + n]);
            g = Simd.Fma(dy0, c, carried);
            y0 = Simd.Fma(c, h, y0);
            Simd.Fma(dy0, h, Vector512.Load(dC0 + at)).Store(dC0 + at);
            Simd.Fma(g, u0, Vector512.Load(dB0 + at)).Store(dB0 + at);
            dU0 = Simd.Fma(g, Vector512.Create(b0[n]), dU0);
            carried = g * Vector512.Load(decay0 + at);
            carried.Store(dh);
            Vector512<float> dDeltaA0 = carried * Vector512.Load(h0);
            dDelta0 = Simd.Fma(dDeltaA0, a, dDelta0);
            if (dA != null)
                Simd.Fma(dDeltaA0, delta0, Simd.Fma(dDeltaA1, delta1, Vector512.Load(dA + at))).Store(dA + at);
        }

        StoreSums(s.Sums + (3 * line), y1, dU1, dDelta1);
        StoreSums(s.Sums + (3 * (line - Simd.Lanes)), y0, dU0, dDelta0);
    }

    /// <summary>The block's first step alone, where the number of steps is odd.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void GoBackOne(in ScanBlock s, float* b, int state)
    {
        int row = state * Simd.Lanes;
        float* a2 = s.A2, dh = s.Dh, dA = s.DA, before = s.States, decays = s.Decays, dB = s.DBc, dC = dB + row;
        Vector512<float> dy = Vector512.Load(s.Dy), delta = Vector512.Load(s.Delta), u = Vector512.Load(s.DeltaU);
        Vector512<float> y = Vector512<float>.Zero, dU = y, dDelta = y;
        for (int n = 0; n < state; n++)
        {
            int at = n * Simd.Lanes;
            Vector512<float> h = Vector512.Load(before + row + at), c = Vector512.Create(b[state + n]);
            Vector512<float> g = Simd.Fma(dy, c, Vector512.Load(dh + at));
            y = Simd.Fma(c, h, y);
            Simd.Fma(dy, h, Vector512.Load(dC + at)).Store(dC + at);
            Simd.Fma(g, u, Vector512.Load(dB + at)).Store(dB + at);
            dU = Simd.Fma(g, Vector512.Create(b[n]), dU);
            Vector512<float> carried = g * Vector512.Load(decays + at);
            carried.Store(dh + at);
            Vector512<float> dDeltaA = carried * Vector512.Load(before + at);
            dDelta = Simd.Fma(dDeltaA, Vector512.Load(a2 + at), dDelta);
            if (dA != null)
                Simd.Fma(dDeltaA, delta, Vector512.Load(dA + at)).Store(dA + at);
        }

        StoreSums(s.Sums, y, dU, dDelta);
    }

    private static void StoreSums(float* to, Vector512<float> y, Vector512<float> dDeltaU, Vector512<float> dDelta)
    {
        y.Store(to);
        dDeltaU.Store(to + Simd.Lanes);
        dDelta.Store(to + (2 * Simd.Lanes));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Next(Vector512<float> delta, Vector512<float> deltaU, float* a2, float* h, float b) =>
        Simd.Fma(Simd.Exp2(delta * Vector512.Load(a2)), Vector512.Load(h), deltaU * Vector512.Create(b));
}

/// <summary>The working memory of one group of 16 channels over one block of steps; rows are state vectors.</summary>
internal unsafe struct ScanBlock
{
    /// <summary>A log2(e), a row.</summary>
    public float* A2;

    /// <summary>The gradient of the states, carried from step to step: a row.</summary>
    public float* Dh;

    /// <summary>The gradient of A, a row; null when frozen.</summary>
    public float* DA;

    /// <summary>The states before the block and after each step: steps + 1 rows.</summary>
    public float* States;

    /// <summary>exp(delta A): a row a step.</summary>
    public float* Decays;

    /// <summary>The gradients of B and C, per lane: two rows a step.</summary>
    public float* DBc;

    /// <summary>Step size after softplus, a vector a step.</summary>
    public float* Delta;

    /// <summary>Step size times input, a vector a step.</summary>
    public float* DeltaU;

    /// <summary>sigmoid(z), a vector a step.</summary>
    public float* Gate;

    /// <summary>The gradient of the ungated output, a vector a step.</summary>
    public float* Dy;

    /// <summary>What <see cref="ScanKernels.GoBack"/> leaves: three vectors a step.</summary>
    public float* Sums;
}
