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
    // The hardware prefetcher stops at the page's end, which a long row stride reaches with every line.
    private const int PrefetchLines = 12;

    // As much of a panel is finished before going on, so that it is written while in the first cache.
    private const int ChunkFloats = 12 * 384;

    /// <summary>
    /// panel[p, i] = source[p * ld + i] for <paramref name="panels"/> full panels side by side; depth is the outer
    /// loop, so that the source is read in long runs.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(float* source, long ld, int panels, int height, int depth, float* panel)
    {
        long apart = (long)height * depth;
        for (int p = 0; p < depth; p++, source += ld, panel += height)
        {
            float* from = source, to = panel;
            for (int t = 0; t < panels; t++, from += height, to += apart)
            {
                if (Sse.IsSupported)
                    Sse.Prefetch0(from + PrefetchLines * ld);
                int i = 0;
                for (; i <= height - 16; i += 16)
                    Vector512.Load(from + i).Store(to + i);
                if (i <= height - 8)
                {
                    Vector256.Load(from + i).Store(to + i);
                    i += 8;
                }

                if (i <= height - 4)
                {
                    Vector128.Load(from + i).Store(to + i);
                    i += 4;
                }

                for (; i < height; i++)
                    to[i] = from[i];
            }
        }
    }

    /// <summary>As <see cref="Copy"/> for one panel of which only <paramref name="lines"/> exist.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CopyEdge(float* source, long ld, int lines, int height, int depth, float* panel)
    {
        for (int p = 0; p < depth; p++, source += ld, panel += height)
        {
            int i = 0;
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
            int chunk = Math.Max(16, ChunkFloats / height & ~15);
            for (int p = 0; p < done; p += chunk)
                Groups(source + p, ld, lines, height, Math.Min(chunk, done - p), panel + (long)p * height);
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
    private static void Groups(float* source, long ld, int lines, int height, int depth, float* panel)
    {
        // The last group of four starts early rather than running past the last line.
        for (int i = 0; i < lines; i += 4)
            Four(source + Math.Min(i, lines - 4) * ld, ld, height, depth, panel + Math.Min(i, lines - 4));
    }

    /// <summary>
    /// Four lines. The next four are fetched meanwhile: weights of a single image come from memory, in runs too short
    /// for the hardware to see them coming.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(float* source, long ld, int height, int depth, float* panel)
    {
        const int CacheLine = 16;
        float* end = source + depth;
        for (float* next = source + (4 * ld); end - source >= CacheLine; next += CacheLine)
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch0(next);
                Sse.Prefetch0(next + ld);
                Sse.Prefetch0(next + (2 * ld));
                Sse.Prefetch0(next + (3 * ld));
            }

            Turn(ref source, ld, height, source + CacheLine, ref panel);
        }

        Turn(ref source, ld, height, end, ref panel);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(ref float* source, long ld, int height, float* end, ref float* panel)
    {
        for (; source < end; source += 4, panel += 4 * height)
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
