using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VisionMamba.Tensors.Cpu;

// The loops of the backward pass: a block again, keeping all, and back through it.
internal static unsafe partial class ScanKernels
{
    /// <summary>
    /// As <see cref="AdvanceStates"/>, keeping everything: states has steps + 1 rows of state vectors, the first given;
    /// decays gets a row a step.
    /// </summary>
    public static void AdvanceKeeping(
        float* delta, float* deltaU, float* a2, float* states, float* decays, float* b, long bStride, int steps, int state)
    {
        int n = 0;
        for (; n + EightStates <= state; n += EightStates)
        {
            int at = n * Simd.Lanes;
            KeepEight(delta, deltaU, a2 + at, states + at, decays + at, b + n, bStride, steps, state * Simd.Lanes);
        }

        if (n < state)
            KeepRest(delta, deltaU, a2, states, decays, b, bStride, steps, n, state);
    }

    /// <summary>Eight states over all steps: they stay in registers, and only stores go to the caches.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void KeepEight(
        float* delta, float* deltaU, float* a2, float* states, float* decays, float* b, long bStride, int steps, int row)
    {
        const int V = Simd.Lanes;
        Vector512<float> h0 = Vector512.Load(states), h1 = Vector512.Load(states + V);
        Vector512<float> h2 = Vector512.Load(states + (2 * V)), h3 = Vector512.Load(states + (3 * V));
        Vector512<float> h4 = Vector512.Load(states + (4 * V)), h5 = Vector512.Load(states + (5 * V));
        Vector512<float> h6 = Vector512.Load(states + (6 * V)), h7 = Vector512.Load(states + (7 * V));
        for (int i = 0; i < steps; i++, b += bStride, delta += V, deltaU += V, decays += row)
        {
            states += row;
            Vector512<float> d = Vector512.Load(delta), u = Vector512.Load(deltaU);
            h0 = Keep(h0, d, u, a2, b, 0, decays, states);
            h1 = Keep(h1, d, u, a2, b, 1, decays, states);
            h2 = Keep(h2, d, u, a2, b, 2, decays, states);
            h3 = Keep(h3, d, u, a2, b, 3, decays, states);
            h4 = Keep(h4, d, u, a2, b, 4, decays, states);
            h5 = Keep(h5, d, u, a2, b, 5, decays, states);
            h6 = Keep(h6, d, u, a2, b, 6, decays, states);
            h7 = Keep(h7, d, u, a2, b, 7, decays, states);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void KeepRest(
        float* delta, float* deltaU, float* a2, float* states, float* decays, float* b, long bStride, int steps, int from,
        int state)
    {
        int row = state * Simd.Lanes;
        for (int i = 0; i < steps; i++, b += bStride, delta += Simd.Lanes, deltaU += Simd.Lanes, decays += row)
        {
            states += row;
            Vector512<float> d = Vector512.Load(delta), u = Vector512.Load(deltaU);
            for (int n = from; n < state; n++)
                Keep(Vector512.Load(states - row + (n * Simd.Lanes)), d, u, a2, b, n, decays, states);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Keep(
        Vector512<float> h, Vector512<float> d, Vector512<float> u, float* a2, float* b, int n, float* decays, float* states)
    {
        Vector512<float> decay = Simd.Exp2(d * Vector512.Load(a2 + (n * Simd.Lanes)));
        decay.Store(decays + (n * Simd.Lanes));
        h = Simd.Fma(decay, h, u * Vector512.Create(b[n]));
        h.Store(states + (n * Simd.Lanes));
        return h;
    }

    /// <summary>
    /// Back through the steps of a block: adds to dB, dC and (where not null) dA, carries dh, and stores three vectors
    /// a step at sums: C h, the gradient of delta u, and the gradient of delta by way of A (times log2 e).
    /// </summary>
    public static void GoBack(in ScanBlock s, float* b, long bStride, int steps, int state)
    {
        int i = steps - 1;
        for (; i >= 3; i -= 4)
            GoBackFour(s, b, bStride, i, state);
        for (; i >= 0; i--)
            GoBackOne(s, b + (i * bStride), i, state);
    }

    /// <summary>
    /// Steps i to i - 3 in one pass over the states: the states between them are read once, dh, dA and A stay in
    /// registers, 19 loads and 9 stores where four single steps take 40 and 16.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void GoBackFour(in ScanBlock s, float* b, long bStride, int i, int state)
    {
        const int V = Simd.Lanes;
        int row = state * V, line = (i - 3) * V;
        float* b0 = b + ((i - 3) * bStride), b1 = b0 + bStride, b2 = b1 + bStride, b3 = b2 + bStride;
        float* h = s.States + ((i - 3) * row), decays = s.Decays + ((i - 3) * row), dBc = s.DBc + (2 * (i - 3) * row);
        float* a2 = s.A2, dh = s.Dh, dA = s.DA, deltas = s.Delta + line;
        Vector512<float> dy0 = Vector512.Load(s.Dy + line), dy1 = Vector512.Load(s.Dy + line + V);
        Vector512<float> dy2 = Vector512.Load(s.Dy + line + (2 * V)), dy3 = Vector512.Load(s.Dy + line + (3 * V));
        Vector512<float> u0 = Vector512.Load(s.DeltaU + line), u1 = Vector512.Load(s.DeltaU + line + V);
        Vector512<float> u2 = Vector512.Load(s.DeltaU + line + (2 * V)), u3 = Vector512.Load(s.DeltaU + line + (3 * V));
        Vector512<float> y0 = Vector512<float>.Zero, y1 = y0, y2 = y0, y3 = y0, dU0 = y0, dU1 = y0, dU2 = y0, dU3 = y0;
        Vector512<float> dDelta0 = y0, dDelta1 = y0, dDelta2 = y0, dDelta3 = y0;
        for (int n = 0; n < state; n++)
        {
            int at = n * V;
            Vector512<float> a = Vector512.Load(a2 + at), g = Vector512.Load(dh + at), sum = Vector512<float>.Zero;
            if (dA != null)
                sum = Vector512.Load(dA + at);
            Vector512<float> after = Vector512.Load(h + (4 * row) + at), before = Vector512.Load(h + (3 * row) + at);

            Vector512<float> c = Vector512.Create(b3[state + n]);
            g = Simd.Fma(dy3, c, g);
            y3 = Simd.Fma(c, after, y3);
            AddBc(g, u3, dy3, after, dBc + (6 * row) + at, row);
            dU3 = Simd.Fma(g, Vector512.Create(b3[n]), dU3);
            g *= Vector512.Load(decays + (3 * row) + at);
            Vector512<float> dDeltaA = g * before;
            dDelta3 = Simd.Fma(dDeltaA, a, dDelta3);
            if (dA != null)
                sum = Simd.Fma(dDeltaA, Vector512.Load(deltas + (3 * V)), sum);

            after = before;
            before = Vector512.Load(h + (2 * row) + at);
            c = Vector512.Create(b2[state + n]);
            g = Simd.Fma(dy2, c, g);
            y2 = Simd.Fma(c, after, y2);
            AddBc(g, u2, dy2, after, dBc + (4 * row) + at, row);
            dU2 = Simd.Fma(g, Vector512.Create(b2[n]), dU2);
            g *= Vector512.Load(decays + (2 * row) + at);
            dDeltaA = g * before;
            dDelta2 = Simd.Fma(dDeltaA, a, dDelta2);
            if (dA != null)
                sum = Simd.Fma(dDeltaA, Vector512.Load(deltas + (2 * V)), sum);

            after = before;
            before = Vector512.Load(h + row + at);
            c = Vector512.Create(b1[state + n]);
            g = Simd.Fma(dy1, c, g);
            y1 = Simd.Fma(c, after, y1);
            AddBc(g, u1, dy1, after, dBc + (2 * row) + at, row);
            dU1 = Simd.Fma(g, Vector512.Create(b1[n]), dU1);
            g *= Vector512.Load(decays + row + at);
            dDeltaA = g * before;
            dDelta1 = Simd.Fma(dDeltaA, a, dDelta1);
            if (dA != null)
                sum = Simd.Fma(dDeltaA, Vector512.Load(deltas + V), sum);

            after = before;
            c = Vector512.Create(b0[state + n]);
            g = Simd.Fma(dy0, c, g);
            y0 = Simd.Fma(c, after, y0);
            AddBc(g, u0, dy0, after, dBc + at, row);
            dU0 = Simd.Fma(g, Vector512.Create(b0[n]), dU0);
            g *= Vector512.Load(decays + at);
            dDeltaA = g * Vector512.Load(h + at);
            dDelta0 = Simd.Fma(dDeltaA, a, dDelta0);
            g.Store(dh + at);
            if (dA != null)
                Simd.Fma(dDeltaA, Vector512.Load(deltas), sum).Store(dA + at);
        }

        float* sums = s.Sums + (3 * line);
        StoreSums(sums, y0, dU0, dDelta0);
        StoreSums(sums + (3 * V), y1, dU1, dDelta1);
        StoreSums(sums + (6 * V), y2, dU2, dDelta2);
        StoreSums(sums + (9 * V), y3, dU3, dDelta3);
    }

    /// <summary>One step, where their number is no multiple of four.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void GoBackOne(in ScanBlock s, float* b, int i, int state)
    {
        int row = state * Simd.Lanes, line = i * Simd.Lanes;
        float* a2 = s.A2, dh = s.Dh, dA = s.DA, before = s.States + (i * row), decays = s.Decays + (i * row);
        float* dBc = s.DBc + (2 * i * row);
        Vector512<float> dy = Vector512.Load(s.Dy + line), delta = Vector512.Load(s.Delta + line);
        Vector512<float> u = Vector512.Load(s.DeltaU + line), y = Vector512<float>.Zero, dU = y, dDelta = y;
        for (int n = 0; n < state; n++)
        {
            int at = n * Simd.Lanes;
            Vector512<float> h = Vector512.Load(before + row + at), c = Vector512.Create(b[state + n]);
            Vector512<float> g = Simd.Fma(dy, c, Vector512.Load(dh + at));
            y = Simd.Fma(c, h, y);
            AddBc(g, u, dy, h, dBc + at, row);
            dU = Simd.Fma(g, Vector512.Create(b[n]), dU);
            g *= Vector512.Load(decays + at);
            g.Store(dh + at);
            Vector512<float> dDeltaA = g * Vector512.Load(before + at);
            dDelta = Simd.Fma(dDeltaA, Vector512.Load(a2 + at), dDelta);
            if (dA != null)
                Simd.Fma(dDeltaA, delta, Vector512.Load(dA + at)).Store(dA + at);
        }

        StoreSums(s.Sums + (3 * line), y, dU, dDelta);
    }

    /// <summary>dB += g u, and a row later dC += dy h.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddBc(
        Vector512<float> g, Vector512<float> u, Vector512<float> dy, Vector512<float> h, float* dB, int row)
    {
        Simd.Fma(g, u, Vector512.Load(dB)).Store(dB);
        Simd.Fma(dy, h, Vector512.Load(dB + row)).Store(dB + row);
    }

    private static void StoreSums(float* to, Vector512<float> y, Vector512<float> dDeltaU, Vector512<float> dDelta)
    {
        y.Store(to);
        dDeltaU.Store(to + Simd.Lanes);
        dDelta.Store(to + (2 * Simd.Lanes));
    }
}
