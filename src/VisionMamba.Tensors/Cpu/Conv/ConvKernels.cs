using System.Runtime.CompilerServices;

namespace VisionMamba.Tensors.Cpu;

// p_t = bias + sum_k w_k x_(t-width+1+k);  y_t = silu(p_t);  g_t = dY_t silu'(p_t)
// dx_s = sum_k w_k g_(s+width-1-k);  dw_k = sum_t g_t x_(t-width+1+k);  dbias = sum_t g_t
// Width 4, which every published Mamba uses, keeps the last inputs and gradients in registers: one load a token. The
// sums run in the same order as in the general loops, so both give the same bits.
internal static unsafe class ConvKernels<T>
    where T : struct, ILanes<T>
{
    /// <summary>y of a group of channels of one sample.</summary>
    public static void Forward(in ConvShape shape, float* x, float* taps, float* bias, int count, float* y)
    {
        if (shape.Width == ConvShape.FastWidth)
            Forward4(shape, x, taps, bias, count, y);
        else
            ForwardAny(shape, x, taps, bias, count, y);
    }

    /// <summary>Adds to the gradients of a group of channels of one sample.</summary>
    public static void Backward(
        in ConvShape shape, float* x, float* taps, float* bias, int count, float* dY, in ConvGradients gradients)
    {
        if (shape.Width == ConvShape.FastWidth)
            Backward4(shape, x, taps, bias, count, dY, gradients);
        else
            BackwardAny(shape, x, taps, bias, count, dY, gradients);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Forward4(in ConvShape shape, float* x, float* taps, float* bias, int count, float* y)
    {
        int length = shape.Length;
        long xStride = shape.InputStride, yStride = shape.OutputStride;
        T w0 = T.Load(taps), w1 = T.Load(taps + T.Count);
        T w2 = T.Load(taps + (2 * T.Count)), w3 = T.Load(taps + (3 * T.Count));
        T b = T.Load(bias, count), x1 = default, x2 = x1, x3 = x1;
        for (int t = 0; t < length; t++, x += xStride, y += yStride)
        {
            T x0 = T.Load(x, count);
            T p = T.Fma(w3, x0, T.Fma(w2, x1, T.Fma(w1, x2, T.Fma(w0, x3, b))));
            VectorMath.Silu(p).Store(y, count);
            (x3, x2, x1) = (x2, x1, x0);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void ForwardAny(in ConvShape shape, float* x, float* taps, float* bias, int count, float* y)
    {
        T b = T.Load(bias, count);
        for (int t = 0; t < shape.Length; t++)
            VectorMath.Silu(Tap(shape, x, t, taps, b, count)).Store(y + (t * shape.OutputStride), count);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Backward4(
        in ConvShape shape, float* x, float* taps, float* bias, int count, float* dY, in ConvGradients gradients)
    {
        SlopesAndTaps4(shape, x, taps, bias, count, dY, gradients);
        if (gradients.DX == null)
            return;
        int length = shape.Length;
        long stride = shape.InputStride;
        float* dP = gradients.DP, dX = gradients.DX + ((length - 1) * stride);
        T w0 = T.Load(taps), w1 = T.Load(taps + T.Count);
        T w2 = T.Load(taps + (2 * T.Count)), w3 = T.Load(taps + (3 * T.Count));
        T g1 = default, g2 = g1, g3 = g1;
        for (int t = length - 1; t >= 0; t--, dX -= stride)
        {
            T g0 = T.Load(dP + ((long)t * T.Count));
            (T.Fma(w3, g0, T.Fma(w2, g1, T.Fma(w1, g2, w0 * g3))) + T.Load(dX, count)).Store(dX, count);
            (g3, g2, g1) = (g2, g1, g0);
        }
    }

    /// <summary>dP, and the sums of dTaps and dBias.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void SlopesAndTaps4(
        in ConvShape shape, float* x, float* taps, float* bias, int count, float* dY, in ConvGradients gradients)
    {
        int length = shape.Length;
        long xStride = shape.InputStride, yStride = shape.OutputStride;
        float* dP = gradients.DP, dTaps = gradients.DTaps;
        T w0 = T.Load(taps), w1 = T.Load(taps + T.Count);
        T w2 = T.Load(taps + (2 * T.Count)), w3 = T.Load(taps + (3 * T.Count));
        T b = T.Load(bias, count), x1 = default, x2 = x1, x3 = x1;
        T dB = T.Load(gradients.DBias), d0 = x1, d1 = x1, d2 = x1, d3 = x1;
        for (int t = 0; t < length; t++, x += xStride, dY += yStride, dP += T.Count)
        {
            T x0 = T.Load(x, count);
            T p = T.Fma(w3, x0, T.Fma(w2, x1, T.Fma(w1, x2, T.Fma(w0, x3, b))));
            T g = T.Load(dY, count) * VectorMath.SiluSlope(p, VectorMath.Sigmoid(p));
            g.Store(dP);
            dB += g;
            d0 = T.Fma(g, x3, d0);
            d1 = T.Fma(g, x2, d1);
            d2 = T.Fma(g, x1, d2);
            d3 = T.Fma(g, x0, d3);
            (x3, x2, x1) = (x2, x1, x0);
        }

        dB.Store(gradients.DBias);
        if (dTaps == null)
            return;
        (T.Load(dTaps) + d0).Store(dTaps);
        (T.Load(dTaps + T.Count) + d1).Store(dTaps + T.Count);
        (T.Load(dTaps + (2 * T.Count)) + d2).Store(dTaps + (2 * T.Count));
        (T.Load(dTaps + (3 * T.Count)) + d3).Store(dTaps + (3 * T.Count));
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void BackwardAny(
        in ConvShape shape, float* x, float* taps, float* bias, int count, float* dY, in ConvGradients gradients)
    {
        T b = T.Load(bias, count), dB = T.Load(gradients.DBias);
        for (int t = 0; t < shape.Length; t++)
        {
            T p = Tap(shape, x, t, taps, b, count);
            T g = T.Load(dY + (t * shape.OutputStride), count) * VectorMath.SiluSlope(p, VectorMath.Sigmoid(p));
            g.Store(gradients.DP + ((long)t * T.Count));
            dB += g;
        }

        dB.Store(gradients.DBias);
        if (gradients.DX != null)
            SpreadToInput(shape, gradients.DP, taps, gradients.DX, count);
        if (gradients.DTaps != null)
            SpreadToTaps(shape, gradients.DP, x, gradients.DTaps, count);
    }

    private static T Tap(
        in ConvShape shape, float* x, int t, float* taps, T bias, int count)
    {
        T p = bias;
        for (int k = Math.Max(0, shape.Width - 1 - t); k < shape.Width; k++)
        {
            float* from = x + ((t - (shape.Width - 1 - k)) * shape.InputStride);
            p = T.Fma(T.Load(taps + (k * T.Count)), T.Load(from, count), p);
        }

        return p;
    }

    private static void SpreadToInput(in ConvShape shape, float* dP, float* taps, float* dX, int count)
    {
        for (int s = 0; s < shape.Length; s++)
        {
            T g = default;
            for (int k = 0; k < shape.Width; k++)
            {
                int t = s + (shape.Width - 1 - k);
                if (t < shape.Length)
                    g = T.Fma(T.Load(taps + (k * T.Count)), T.Load(dP + ((long)t * T.Count)), g);
            }

            (g + T.Load(dX + (s * shape.InputStride), count)).Store(dX + (s * shape.InputStride), count);
        }
    }

    private static void SpreadToTaps(in ConvShape shape, float* dP, float* x, float* dTaps, int count)
    {
        for (int k = 0; k < shape.Width; k++)
        {
            T g = default;
            for (int t = shape.Width - 1 - k; t < shape.Length; t++)
            {
                float* from = x + ((t - (shape.Width - 1 - k)) * shape.InputStride);
                g = T.Fma(T.Load(dP + ((long)t * T.Count)), T.Load(from, count), g);
            }

            (T.Load(dTaps + (k * T.Count)) + g).Store(dTaps + (k * T.Count));
        }
    }
}
