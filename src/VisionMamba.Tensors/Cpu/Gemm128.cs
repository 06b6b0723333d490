using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static VisionMamba.Tensors.Cpu.GemmKernels;

namespace VisionMamba.Tensors.Cpu;

/// <summary>Micro-kernels of the 6 x 8 tile: 12 accumulators that never leave the registers.</summary>
internal static unsafe class Gemm128
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
        Vector128<float> c00 = default, c01 = default, c10 = default, c11 = default;
        Vector128<float> c20 = default, c21 = default, c30 = default, c31 = default;
        Vector128<float> c40 = default, c41 = default, c50 = default, c51 = default;
        Prefetch(c, ldc, 2 * THeight.Value, 1);
        for (float* end = a + depth * 2 * THeight.Value; a < end; a += 2 * THeight.Value)
        {
            Vector128<float> b0 = Vector128.Load(b), b1 = TWidth.Value > 1 ? Vector128.Load(b + 4) : default;
            b += ldb;
            Step<TWidth>(a[0], b0, b1, ref c00, ref c01);
            Step<TWidth>(a[1], b0, b1, ref c10, ref c11);
            if (THeight.Value > 1)
            {
                Step<TWidth>(a[2], b0, b1, ref c20, ref c21);
                Step<TWidth>(a[3], b0, b1, ref c30, ref c31);
            }
            if (THeight.Value > 2)
            {
                Step<TWidth>(a[4], b0, b1, ref c40, ref c41);
                Step<TWidth>(a[5], b0, b1, ref c50, ref c51);
            }
        }

        Vector128<float> s0 = bias == null ? default : Vector128.Load(bias);
        Vector128<float> s1 = bias == null || TWidth.Value < 2 ? default : Vector128.Load(bias + 4);
        Finish<TWidth>(c + 0 * ldc, accumulate, c00 + s0, c01 + s1);
        Finish<TWidth>(c + 1 * ldc, accumulate, c10 + s0, c11 + s1);
        if (THeight.Value > 1)
        {
            Finish<TWidth>(c + 2 * ldc, accumulate, c20 + s0, c21 + s1);
            Finish<TWidth>(c + 3 * ldc, accumulate, c30 + s0, c31 + s1);
        }
        if (THeight.Value > 2)
        {
            Finish<TWidth>(c + 4 * ldc, accumulate, c40 + s0, c41 + s1);
            Finish<TWidth>(c + 5 * ldc, accumulate, c50 + s0, c51 + s1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TWidth>(
        float a, Vector128<float> b0, Vector128<float> b1, ref Vector128<float> c0, ref Vector128<float> c1)
        where TWidth : struct, ISize
    {
        Vector128<float> row = Vector128.Create(a);
        c0 = Vector128.MultiplyAddEstimate(row, b0, c0);
        if (TWidth.Value > 1)
            c1 = Vector128.MultiplyAddEstimate(row, b1, c1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TWidth>(float* c, bool accumulate, Vector128<float> c0, Vector128<float> c1)
        where TWidth : struct, ISize
    {
        (accumulate ? c0 + Vector128.Load(c) : c0).Store(c);
        if (TWidth.Value > 1)
            (accumulate ? c1 + Vector128.Load(c + 4) : c1).Store(c + 4);
    }
}
