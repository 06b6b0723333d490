using System.Runtime.Intrinsics;

namespace VisionMamba.Tensors.Cpu;

/// <summary>Brings the operands of a matrix product into the order in which a tile reads them.</summary>
internal static unsafe class GemmPacking
{
    /// <summary>
    /// to[p * width + r] = from[r * stride + p] for r &lt; rows, p &lt; steps, in blocks of 4 x 4.
    /// </summary>
    public static void Transpose(float* from, long stride, int rows, int steps, float* to, int width)
    {
        int r = 0;
        for (; r + 4 <= rows; r += 4)
        {
            float* f = from + (r * stride);
            int p = 0;
            for (; p + 4 <= steps; p += 4)
            {
                Vector128<float> a = Vector128.Load(f + p), b = Vector128.Load(f + stride + p);
                Vector128<float> c = Vector128.Load(f + (2 * stride) + p), d = Vector128.Load(f + (3 * stride) + p);
                Vector128<float> ab0 = Low(a, b), ab1 = High(a, b), cd0 = Low(c, d), cd1 = High(c, d);
                float* t = to + ((long)p * width) + r;
                Vector128.Create(ab0.GetLower(), cd0.GetLower()).Store(t);
                Vector128.Create(ab0.GetUpper(), cd0.GetUpper()).Store(t + width);
                Vector128.Create(ab1.GetLower(), cd1.GetLower()).Store(t + (2L * width));
                Vector128.Create(ab1.GetUpper(), cd1.GetUpper()).Store(t + (3L * width));
            }

            for (; p < steps; p++)
            {
                for (int i = 0; i < 4; i++)
                    to[((long)p * width) + r + i] = f[(i * stride) + p];
            }
        }

        for (; r < rows; r++)
        {
            for (int p = 0; p < steps; p++)
                to[((long)p * width) + r] = from[(r * stride) + p];
        }
    }

    /// <summary>(a0, b0, a1, b1).</summary>
    private static Vector128<float> Low(Vector128<float> a, Vector128<float> b) =>
        System.Runtime.Intrinsics.X86.Sse.IsSupported
            ? System.Runtime.Intrinsics.X86.Sse.UnpackLow(a, b)
            : Vector128.Create(a[0], b[0], a[1], b[1]);

    /// <summary>(a2, b2, a3, b3).</summary>
    private static Vector128<float> High(Vector128<float> a, Vector128<float> b) =>
        System.Runtime.Intrinsics.X86.Sse.IsSupported
            ? System.Runtime.Intrinsics.X86.Sse.UnpackHigh(a, b)
            : Vector128.Create(a[2], b[2], a[3], b[3]);
}
