using System.Runtime.CompilerServices;

namespace VisionMamba.Tensors.Cpu;

// The loops of the backward pass: a block again, keeping all, and back through it.
internal static unsafe partial class ScanKernels<T>
{
    /// <summary>
    /// As <see cref="AdvanceStates"/>, keeping everything: states has steps + 1 rows of state vectors, the first given;
    /// decays gets a row a step.
    /// </summary>
    public static void AdvanceKeeping(
        float* delta, float* deltaU, float* a2, float* states, float* decays, float* b,
        long bStride, int steps, int state, bool deep)
    {
        int n = 0, row = state * T.Count;
        for (; n + FourStates <= state; n += FourStates)
        {
            int at = n * T.Count;
            if (deep)
                KeepFour<Deep>(delta, deltaU, a2 + at, states + at, decays + at, b + n, bStride, steps, row);
            else
                KeepFour<Shallow>(delta, deltaU, a2 + at, states + at, decays + at, b + n, bStride, steps, row);
        }

        for (; n < state; n++)
        {
            int at = n * T.Count;
            KeepOne(delta, deltaU, a2 + at, states + at, decays + at, b + n, bStride, steps, row);
        }
    }

    /// <summary>Four states over all steps: they stay in registers, and only stores go to the caches.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void KeepFour<TDepth>(
        float* delta, float* deltaU, float* a2, float* states, float* decays, float* b,
        long bStride, int steps, int row)
    {
        T h0 = T.Load(states), h1 = T.Load(states + T.Count);
        T h2 = T.Load(states + (2 * T.Count)), h3 = T.Load(states + (3 * T.Count));
        for (int i = 0; i < steps; i++, b += bStride, delta += T.Count, deltaU += T.Count, decays += row)
        {
            states += row;
            T d = T.Load(delta);
            VectorMath.Exp2Product(
                d, T.Load(a2), T.Load(a2 + T.Count), T.Load(a2 + (2 * T.Count)), T.Load(a2 + (3 * T.Count)),
                out T e0, out T e1, out T e2, out T e3, typeof(TDepth) == typeof(Deep));
            e0.Store(decays);
            e1.Store(decays + T.Count);
            e2.Store(decays + (2 * T.Count));
            e3.Store(decays + (3 * T.Count));
            T u = T.Load(deltaU);
            h0 = T.Fma(e0, h0, u * b[0]);
            h1 = T.Fma(e1, h1, u * b[1]);
            h2 = T.Fma(e2, h2, u * b[2]);
            h3 = T.Fma(e3, h3, u * b[3]);
            h0.Store(states);
            h1.Store(states + T.Count);
            h2.Store(states + (2 * T.Count));
            h3.Store(states + (3 * T.Count));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void KeepOne(
        float* delta, float* deltaU, float* a2, float* states, float* decays, float* b,
        long bStride, int steps, int row)
    {
        T h0 = T.Load(states);
        for (int i = 0; i < steps; i++, b += bStride, delta += T.Count, deltaU += T.Count, decays += row)
        {
            states += row;
            T decay = VectorMath.Exp2Product(T.Load(delta), T.Load(a2));
            decay.Store(decays);
            h0 = T.Fma(decay, h0, T.Load(deltaU) * b[0]);
            h0.Store(states);
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
    /// Steps i and i - 1 in one pass over the states: the state between them, dh, dA and A are read once, 16 loads and
    /// 6 stores where two single steps take 20 and 8.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void GoBackTwo(in ScanBlock s, float* b, long bStride, int i, int state)
    {
        int row = state * T.Count, line = i * T.Count, wide = state * Simd.Lanes;
        float* b1 = b + (i * bStride), b0 = b1 - bStride, a2 = s.A2, dh = s.Dh, dA = s.DA;
        float* h0 = s.States + ((i - 1) * row), h1 = h0 + row, h2 = h1 + row;
        float* decay0 = s.Decays + ((i - 1) * row), decay1 = decay0 + row;
        float* dB0 = s.DBc + (2 * (i - 1) * wide), dC0 = dB0 + wide, dB1 = dC0 + wide, dC1 = dB1 + wide;
        T dy1 = T.Load(s.Dy + line), dy0 = T.Load(s.Dy + line - T.Count);
        T delta1 = T.Load(s.Delta + line), delta0 = T.Load(s.Delta + line - T.Count);
        T u1 = T.Load(s.DeltaU + line), u0 = T.Load(s.DeltaU + line - T.Count);
        T y0 = default, y1 = default, dU0 = default, dU1 = default, dDelta0 = default, dDelta1 = default;
        for (int n = 0; n < state; n++)
        {
            int at = n * T.Count, sum = n * Simd.Lanes;
            T c = T.Create(b1[state + n]), h = T.Load(h2 + at), a = T.Load(a2 + at);
            T g = T.Fma(dy1, c, T.Load(dh + at));
            y1 = T.Fma(c, h, y1);
            T.Fma(dy1, h, T.Load(dC1 + sum)).Store(dC1 + sum);
            T.Fma(g, u1, T.Load(dB1 + sum)).Store(dB1 + sum);
            dU1 = T.Fma(g, b1[n], dU1);
            T carried = g * T.Load(decay1 + at);
            h = T.Load(h1 + at);
            T dDeltaA1 = carried * h;
            dDelta1 = T.Fma(dDeltaA1, a, dDelta1);

            c = T.Create(b0[state + n]);
            g = T.Fma(dy0, c, carried);
            y0 = T.Fma(c, h, y0);
            T.Fma(dy0, h, T.Load(dC0 + sum)).Store(dC0 + sum);
            T.Fma(g, u0, T.Load(dB0 + sum)).Store(dB0 + sum);
            dU0 = T.Fma(g, b0[n], dU0);
            carried = g * T.Load(decay0 + at);
            carried.Store(dh + at);
            T dDeltaA0 = carried * T.Load(h0 + at);
            dDelta0 = T.Fma(dDeltaA0, a, dDelta0);
            if (dA != null)
                T.Fma(dDeltaA0, delta0, T.Fma(dDeltaA1, delta1, T.Load(dA + at))).Store(dA + at);
        }

        StoreSums(s.Sums + (3 * line), y1, dU1, dDelta1);
        StoreSums(s.Sums + (3 * (line - T.Count)), y0, dU0, dDelta0);
    }

    /// <summary>The block's first step alone, where the number of steps is odd.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void GoBackOne(in ScanBlock s, float* b, int state)
    {
        int row = state * T.Count;
        float* a2 = s.A2, dh = s.Dh, dA = s.DA, before = s.States, decays = s.Decays, dB = s.DBc;
        float* dC = dB + (state * Simd.Lanes);
        T dy = T.Load(s.Dy), delta = T.Load(s.Delta), u = T.Load(s.DeltaU), y = default, dU = default, dDelta = default;
        for (int n = 0; n < state; n++)
        {
            int at = n * T.Count, sum = n * Simd.Lanes;
            T h = T.Load(before + row + at), c = T.Create(b[state + n]);
            T g = T.Fma(dy, c, T.Load(dh + at));
            y = T.Fma(c, h, y);
            T.Fma(dy, h, T.Load(dC + sum)).Store(dC + sum);
            T.Fma(g, u, T.Load(dB + sum)).Store(dB + sum);
            dU = T.Fma(g, b[n], dU);
            T carried = g * T.Load(decays + at);
            carried.Store(dh + at);
            T dDeltaA = carried * T.Load(before + at);
            dDelta = T.Fma(dDeltaA, T.Load(a2 + at), dDelta);
            if (dA != null)
                T.Fma(dDeltaA, delta, T.Load(dA + at)).Store(dA + at);
        }

        StoreSums(s.Sums, y, dU, dDelta);
    }

    private static void StoreSums(float* to, T y, T dDeltaU, T dDelta)
    {
        y.Store(to);
        dDeltaU.Store(to + T.Count);
        dDelta.Store(to + (2 * T.Count));
    }
}
