using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace VisionMamba.Tensors.Cpu;

/// <summary>
/// The micro-kernels of one tile: three heights (1, 2 or 3 row steps) times two widths (1 or 2 vectors), so that few
/// rows and narrow results do not pay for a whole tile. A kernel computes, for a packed panel a(depth, height) and
/// b(depth, width) of any row stride, c(height, width) = [c +] a^T b [+ bias(width)], summing over the depth in order.
/// </summary>
internal sealed unsafe class GemmKernels
{
    private readonly delegate*<long, float*, float*, long, float*, long, float*, bool, void>[] _kernels;

    public GemmKernels(GemmTile tile)
    {
        (RowStep, ColumnStep) = tile switch
        {
            GemmTile.Vector512 => (4, 16),
            GemmTile.Vector256 => (2, 8),
            _ => (2, 4),
        };
        _kernels = tile switch
        {
            GemmTile.Vector512 => Gemm512.Kernels(),
            GemmTile.Vector256 => Gemm256.Kernels(),
            _ => Gemm128.Kernels(),
        };
    }

    public static GemmTile Best => Vector512.IsHardwareAccelerated ? GemmTile.Vector512
        : Vector256.IsHardwareAccelerated ? GemmTile.Vector256 : GemmTile.Vector128;

    public int RowStep { get; }

    public int ColumnStep { get; }

    public int Rows => 3 * RowStep;

    public int Columns => 2 * ColumnStep;

    /// <summary>The rows a panel holds, padding included, for <paramref name="rows"/> of them.</summary>
    public int Height(int rows) => (Math.Min(rows, Rows) + RowStep - 1) / RowStep * RowStep;

    /// <summary>The columns a panel holds, padding included, for <paramref name="columns"/> of them.</summary>
    public int Width(int columns) => (Math.Min(columns, Columns) + ColumnStep - 1) / ColumnStep * ColumnStep;

    public delegate*<long, float*, float*, long, float*, long, float*, bool, void> For(int height, int width) =>
        _kernels[(height / RowStep - 1) * 2 + width / ColumnStep - 1];

    // Fetches the tile of C while the kernel sums, which is 10-20 % of the time where k is below 60.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Prefetch(float* c, long ldc, int rows, int lines)
    {
        for (int i = 0; i < rows && Sse.IsSupported; i++, c += ldc)
        {
            Sse.Prefetch0(c);
            if (lines > 1)
                Sse.Prefetch0(c + 16);
        }
    }

    internal interface ISize
    {
        static abstract int Value { get; }
    }

    internal readonly struct One : ISize
    {
        public static int Value => 1;
    }

    internal readonly struct Two : ISize
    {
        public static int Value => 2;
    }

    internal readonly struct Three : ISize
    {
        public static int Value => 3;
    }
}
