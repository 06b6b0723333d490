using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace VisionMamba.Tensors.Cpu;

/// <summary>
/// Copies a slice of a matrix into a panel(depth, height), the order in which the micro-kernels read it.
/// Lines past <c>lines</c> are zeros; nothing outside the slice is read.
/// </summary>
internal static unsafe class GemmPacking
{
    /// <summary>panel[p, i] = source[p * ld + i]: the lines of the panel lie side by side in the source.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(float* source, long ld, int lines, int height, int depth, float* panel)
    {
        for (int p = 0; p < depth; p++, source += ld, panel += height)
        {
            int i = 0;
            for (; i <= lines - 16; i += 16)
                Vector512.Load(source + i).Store(panel + i);
            for (; i <= lines - 4; i += 4)
                Vector128.Load(source + i).Store(panel + i);
            for (; i < lines; i++)
                panel[i] = source[i];
            for (; i < height; i++)
                panel[i] = 0;
        }
    }

    /// <summary>panel[p, i] = source[i * ld + p]: each line of the panel is a row of the source.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(float* source, long ld, int lines, int height, int depth, float* panel)
    {
        int done = 0;
        if ((Sse.IsSupported || AdvSimd.Arm64.IsSupported) && lines >= 4)
        {
            done = depth & ~3;
            // The last group of four starts early rather than running past the last line.
            for (int i = 0; i < lines; i += 4)
                Four(source + Math.Min(i, lines - 4) * ld, ld, height, done, panel + Math.Min(i, lines - 4));
        }

        for (int i = 0; i < lines; i++)
        {
            for (int p = done; p < depth; p++)
                panel[(long)p * height + i] = source[i * ld + p];
        }

        for (int p = 0; p < depth && lines < height; p++)
            new Span<float>(panel + (long)p * height + lines, height - lines).Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(float* source, long ld, int height, int depth, float* panel)
    {
        for (float* end = source + depth; source < end; source += 4, panel += 4 * height)
        {
            Vector128<float> r0 = Vector128.Load(source), r1 = Vector128.Load(source + ld);
            Vector128<float> r2 = Vector128.Load(source + 2 * ld), r3 = Vector128.Load(source + 3 * ld);
            Vector128<float> even0 = ZipLow(r0, r2), even1 = ZipHigh(r0, r2);
            Vector128<float> odd0 = ZipLow(r1, r3), odd1 = ZipHigh(r1, r3);
            ZipLow(even0, odd0).Store(panel);
            ZipHigh(even0, odd0).Store(panel + height);
            ZipLow(even1, odd1).Store(panel + 2 * height);
            ZipHigh(even1, odd1).Store(panel + 3 * height);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipLow(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipHigh(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);
}
