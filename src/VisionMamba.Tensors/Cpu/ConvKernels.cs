using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VisionMamba.Tensors.Cpu;

// p_t = bias + sum_k w_k x_(t-width+1+k);  y_t = silu(p_t);  g_t = dY_t silu'(p_t)
// dx_s = sum_k w_k g_(s+width-1-k);  dw_k = sum_t g_t x_(t-width+1+k);  dbias = sum_t g_t
// Width 4, which every published Mamba uses, keeps the last inputs and gradients in registers: one load a token. The sums
// run in the same order as in the general loops, so both give the same bits.
internal static unsafe class ConvKernels
{
    public const int FastWidth = 4;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Forward4(in ConvShape shape, float* x, float* taps, float* bias, int count, float* y)
    {
        int length = shape.Length;
        long xStride = shape.InputStride, yStride = shape.OutputStride;
        Vector512<float> w0 = Vector512.Load(taps), w1 = Vector512.Load(taps + Simd.Lanes);
        Vector512<float> w2 = Vector512.Load(taps + (2 * Simd.Lanes)), w3 = Vector512.Load(taps + (3 * Simd.Lanes));
        Vector512<float> b = Simd.Load(bias, count), x1 = Vector512<float>.Zero, x2 = x1, x3 = x1;
        for (int t = 0; t < length; t++, x += xStride, y += yStride)
        {
            Vector512<float> x0 = Simd.Load(x, count);
            Vector512<float> p = Simd.Fma(w3, x0, Simd.Fma(w2, x1, Simd.Fma(w1, x2, Simd.Fma(w0, x3, b))));
            Simd.Store(Simd.Silu(p), y, count);
            (x3, x2, x1) = (x2, x1, x0);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Forward(in ConvShape shape, float* x, float* taps, float* bias, int count, float* y)
    {
        Vector512<float> b = Simd.Load(bias, count);
        for (int t = 0; t < shape.Length; t++)
            Simd.Store(Simd.Silu(Tap(shape, x, t, taps, b, count)), y + (t * shape.OutputStride), count);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Backward4(
        in ConvShape shape, float* x, float* taps, float* bias, int count, float* dY, in ConvGradients gradients)
    {
        SlopesAndTaps4(shape, x, taps, bias, count, dY, gradients);
        if (gradients.DX == null)
            return;
        int length = shape.Length;
        long stride = shape.InputStride;
        float* dP = gradients.DP, dX = gradients.DX + ((length - 1) * stride);
        Vector512<float> w0 = Vector512.Load(taps), w1 = Vector512.Load(taps + Simd.Lanes);
        Vector512<float> w2 = Vector512.Load(taps + (2 * Simd.Lanes)), w3 = Vector512.Load(taps + (3 * Simd.Lanes));
        Vector512<float> g1 = Vector512<float>.Zero, g2 = g1, g3 = g1;
        for (int t = length - 1; t >= 0; t--, dX -= stride)
        {
            Vector512<float> g0 = Vector512.Load(dP + ((long)t * Simd.Lanes));
            Simd.Add(Simd.Fma(w3, g0, Simd.Fma(w2, g1, Simd.Fma(w1, g2, w0 * g3))), dX, count);
            (g3, g2, g1) = (g2, g1, g0);
        }
    }

    /// <summary>dP, and the sums of dTaps and dBias.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SlopesAndTaps4(
        in ConvShape shape, float* x, float* taps, float* bias, int count, float* dY, in ConvGradients gradients)
    {
        int length = shape.Length;
        long xStride = shape.InputStride, yStride = shape.OutputStride;
        float* dP = gradients.DP, dTaps = gradients.DTaps;
        Vector512<float> w0 = Vector512.Load(taps), w1 = Vector512.Load(taps + Simd.Lanes);
        Vector512<float> w2 = Vector512.Load(taps + (2 * Simd.Lanes)), w3 = Vector512.Load(taps + (3 * Simd.Lanes));
        Vector512<float> b = Simd.Load(bias, count), x1 = Vector512<float>.Zero, x2 = x1, x3 = x1;
        Vector512<float> dB = Vector512.Load(gradients.DBias), d0 = x1, d1 = x1, d2 = x1, d3 = x1;
        for (int t = 0; t < length; t++, x += xStride, dY += yStride, dP += Simd.Lanes)
        {
            Vector512<float> x0 = Simd.Load(x, count);
            Vector512<float> p = Simd.Fma(w3, x0, Simd.Fma(w2, x1, Simd.Fma(w1, x2, Simd.Fma(w0, x3, b))));
            Vector512<float> g = Simd.Load(dY, count) * Simd.SiluSlope(p, Simd.Sigmoid(p));
            g.Store(dP);
            dB += g;
            d0 = Simd.Fma(g, x3, d0);
            d1 = Simd.Fma(g, x2, d1);
            d2 = Simd.Fma(g, x1, d2);
            d3 = Simd.Fma(g, x0, d3);
            (x3, x2, x1) = (x2, x1, x0);
        }

        dB.Store(gradients.DBias);
        if (dTaps == null)
            return;
        (Vector512.Load(dTaps) + d0).Store(dTaps);
        (Vector512.Load(dTaps + Simd.Lanes) + d1).Store(dTaps + Simd.Lanes);
        (Vector512.Load(dTaps + (2 * Simd.Lanes)) + d2).Store(dTaps + (2 * Simd.Lanes));
        (Vector512.Load(dTaps + (3 * Simd.Lanes)) + d3).Store(dTaps + (3 * Simd.Lanes));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Backward(
        in ConvShape shape, float* x, float* taps, float* bias, int count, float* dY, in ConvGradients gradients)
    {
        Vector512<float> b = Simd.Load(bias, count), dB = Vector512.Load(gradients.DBias);
        for (int t = 0; t < shape.Length; t++)
        {
            Vector512<float> p = Tap(shape, x, t, taps, b, count);
            Vector512<float> g = Simd.Load(dY + (t * shape.OutputStride), count) * Simd.SiluSlope(p, Simd.Sigmoid(p));
            g.Store(gradients.DP + ((long)t * Simd.Lanes));
            dB += g;
        }

        dB.Store(gradients.DBias);
        if (gradients.DX != null)
            SpreadToInput(shape, gradients.DP, taps, gradients.DX, count);
        if (gradients.DTaps != null)
            SpreadToTaps(shape, gradients.DP, x, gradients.DTaps, count);
    }

    private static Vector512<float> Tap(
        in ConvShape shape, float* x, int t, float* taps, Vector512<float> bias, int count)
    {
        Vector512<float> p = bias;
        for (int k = Math.Max(0, shape.Width - 1 - t); k < shape.Width; k++)
        {
            float* from = x + ((t - (shape.Width - 1 - k)) * shape.InputStride);
            p = Simd.Fma(Vector512.Load(taps + (k * Simd.Lanes)), Simd.Load(from, count), p);
        }

        return p;
    }

    private static void SpreadToInput(in ConvShape shape, float* dP, float* taps, float* dX, int count)
    {
        for (int s = 0; s < shape.Length; s++)
        {
            Vector512<float> g = Vector512<float>.Zero;
            for (int k = 0; k < shape.Width; k++)
            {
                int t = s + (shape.Width - 1 - k);
                if (t < shape.Length)
                    g = Simd.Fma(Vector512.Load(taps + (k * Simd.Lanes)), Vector512.Load(dP + ((long)t * Simd.Lanes)), g);
            }

            Simd.Add(g, dX + (s * shape.InputStride), count);
        }
    }

    private static void SpreadToTaps(in ConvShape shape, float* dP, float* x, float* dTaps, int count)
    {
        for (int k = 0; k < shape.Width; k++)
        {
            Vector512<float> g = Vector512<float>.Zero;
            for (int t = shape.Width - 1 - k; t < shape.Length; t++)
            {
                float* from = x + ((t - (shape.Width - 1 - k)) * shape.InputStride);
                g = Simd.Fma(Vector512.Load(dP + ((long)t * Simd.Lanes)), Simd.Load(from, count), g);
            }

            (Vector512.Load(dTaps + (k * Simd.Lanes)) + g).Store(dTaps + (k * Simd.Lanes));
        }
    }
}
