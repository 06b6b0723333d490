using ILGPU;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu.Kernels;

/// <summary>A matrix of which line l starts at l Line of x, and all of whose lines follow each other in y.</summary>
internal struct RoundingArguments
{
    public ArrayView<float> X;

    public ArrayView<ushort> Y;

    public long Count;

    public int Columns, Line;
}

/// <summary>As <see cref="RoundingArguments"/>, with a factor that is on the device.</summary>
internal struct ScaledRoundingArguments
{
    public RoundingArguments Matrix;

    public ArrayView<float> Scale;
}

/// <summary>A row of numbers for every row of a matrix: c[m Line + n] = bias[n].</summary>
internal struct RowFillArguments
{
    public ArrayView<float> Row, C;

    public long Count;

    public int Columns, Line;
}

/// <summary>What is made for a library's matrix product before it is called; a thread a number.</summary>
internal static class GemmInputKernels
{
    /// <summary>y = x in bfloat16, to nearest, ties to even; NaN stays NaN.</summary>
    public static void RoundToBf16(RoundingArguments p)
    {
        long at = ElementKernels.Index;
        if (at >= p.Count)
            return;
        float x = p.X[(at / p.Columns * p.Line) + (at % p.Columns)];
        p.Y[at] = (ushort)Bfloat16.Round(Interop.FloatAsInt(x));
    }

    /// <summary>y = scale x in fp16, to nearest, ties to even; NaN stays NaN.</summary>
    public static void RoundToFp16(ScaledRoundingArguments p)
    {
        long at = ElementKernels.Index;
        if (at >= p.Matrix.Count)
            return;
        float x = p.Matrix.X[(at / p.Matrix.Columns * p.Matrix.Line) + (at % p.Matrix.Columns)];
        p.Matrix.Y[at] = (ushort)Float16.Round(Interop.FloatAsInt(x * p.Scale[0]));
    }

    /// <summary>Every row of c becomes the row.</summary>
    public static void FillRows(RowFillArguments p)
    {
        long at = ElementKernels.Index;
        if (at < p.Count)
            p.C[(at / p.Columns * p.Line) + (at % p.Columns)] = p.Row[at % p.Columns];
    }
}
