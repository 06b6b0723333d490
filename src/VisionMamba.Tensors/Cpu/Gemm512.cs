using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static VisionMamba.Tensors.Cpu.GemmKernels;

namespace VisionMamba.Tensors.Cpu;

/// <summary>Micro-kernels of the 12 x 32 tile: 24 accumulators that never leave the registers.</summary>
internal static unsafe class Gemm512
{
    public static delegate*<long, float*, float*, long, float*, long, float*, bool, void>[] Kernels() =>
    [
        &Multiply<One, One>, &Multiply<One, Two>,
        &Multiply<Two, One>, &Multiply<Two, Two>,
        &Multiply<Three, One>, &Multiply<Three, Two>,
    ];

    // Height and width are constants to the JIT, which drops the branches and the accumulators not used.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<THeight, TWidth>(
        long depth, float* a, float* b, long ldb, float* c, long ldc, float* bias, bool accumulate)
        where THeight : struct, ISize
        where TWidth : struct, ISize
    {
        Vector512<float> c00 = default, c01 = default, c10 = default, c11 = default;
        Vector512<float> c20 = default, c21 = default, c30 = default, c31 = default;
        Vector512<float> c40 = default, c41 = default, c50 = default, c51 = default;
        Vector512<float> c60 = default, c61 = default, c70 = default, c71 = default;
        Vector512<float> c80 = default, c81 = default, c90 = default, c91 = default;
        Vector512<float> cA0 = default, cA1 = default, cB0 = default, cB1 = default;
        Prefetch(c, ldc, 4 * THeight.Value, TWidth.Value);
        for (float* end = a + depth * 4 * THeight.Value; a < end; a += 4 * THeight.Value)
        {
            Vector512<float> b0 = Vector512.Load(b), b1 = TWidth.Value > 1 ? Vector512.Load(b + 16) : default;
            b += ldb;
            Step<TWidth>(a[0], b0, b1, ref c00, ref c01);
            Step<TWidth>(a[1], b0, b1, ref c10, ref c11);
            Step<TWidth>(a[2], b0, b1, ref c20, ref c21);
            Step<TWidth>(a[3], b0, b1, ref c30, ref c31);
            if (THeight.Value > 1)
            {
                Step<TWidth>(a[4], b0, b1, ref c40, ref c41);
                Step<TWidth>(a[5], b0, b1, ref c50, ref c51);
                Step<TWidth>(a[6], b0, b1, ref c60, ref c61);
                Step<TWidth>(a[7], b0, b1, ref c70, ref c71);
            }
            if (THeight.Value > 2)
            {
                Step<TWidth>(a[8], b0, b1, ref c80, ref c81);
                Step<TWidth>(a[9], b0, b1, ref c90, ref c91);
                Step<TWidth>(a[10], b0, b1, ref cA0, ref cA1);
                Step<TWidth>(a[11], b0, b1, ref cB0, ref cB1);
            }
        }

        Vector512<float> s0 = bias == null ? default : Vector512.Load(bias);
        Vector512<float> s1 = bias == null || TWidth.Value < 2 ? default : Vector512.Load(bias + 16);
        Finish<TWidth>(c + 0 * ldc, accumulate, c00 + s0, c01 + s1);
        Finish<TWidth>(c + 1 * ldc, accumulate, c10 + s0, c11 + s1);
        Finish<TWidth>(c + 2 * ldc, accumulate, c20 + s0, c21 + s1);
        Finish<TWidth>(c + 3 * ldc, accumulate, c30 + s0, c31 + s1);
        if (THeight.Value > 1)
        {
            Finish<TWidth>(c + 4 * ldc, accumulate, c40 + s0, c41 + s1);
            Finish<TWidth>(c + 5 * ldc, accumulate, c50 + s0, c51 + s1);
            Finish<TWidth>(c + 6 * ldc, accumulate, c60 + s0, c61 + s1);
            Finish<TWidth>(c + 7 * ldc, accumulate, c70 + s0, c71 + s1);
        }
        if (THeight.Value > 2)
        {
            Finish<TWidth>(c + 8 * ldc, accumulate, c80 + s0, c81 + s1);
            Finish<TWidth>(c + 9 * ldc, accumulate, c90 + s0, c91 + s1);
            Finish<TWidth>(c + 10 * ldc, accumulate, cA0 + s0, cA1 + s1);
            Finish<TWidth>(c + 11 * ldc, accumulate, cB0 + s0, cB1 + s1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TWidth>(
        float a, Vector512<float> b0, Vector512<float> b1, ref Vector512<float> c0, ref Vector512<float> c1)
        where TWidth : struct, ISize
    {
        Vector512<float> row = Vector512.Create(a);
        c0 = Vector512.MultiplyAddEstimate(row, b0, c0);
        if (TWidth.Value > 1)
            c1 = Vector512.MultiplyAddEstimate(row, b1, c1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TWidth>(float* c, bool accumulate, Vector512<float> c0, Vector512<float> c1)
        where TWidth : struct, ISize
    {
        (accumulate ? c0 + Vector512.Load(c) : c0).Store(c);
        if (TWidth.Value > 1)
            (accumulate ? c1 + Vector512.Load(c + 16) : c1).Store(c + 16);
    }
}
