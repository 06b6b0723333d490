using ILGPU;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu.Kernels;

/// <summary>A matrix, all of whose lines follow each other in y.</summary>
internal struct RoundingArguments
{
    public LinedMatrix Matrix;

    public ArrayView<ushort> Y;

    /// <summary>What fp16 is multiplied by; the first number is read.</summary>
    public ArrayView<float> Scale;
}

/// <summary>A row of numbers for every row of a matrix.</summary>
internal struct RowFillArguments
{
    public ArrayView<float> Row;

    public LinedMatrix Matrix;
}

/// <summary>What is made for a library's matrix product before it is called; a thread a number.</summary>
internal static class GemmInputKernels
{
    /// <summary>y = x in bfloat16, to nearest, ties to even; NaN stays NaN.</summary>
    public static void RoundToBf16(RoundingArguments p)
    {
        long at = ElementKernels.Index;
        if (at < p.Matrix.Count)
            p.Y[at] = (ushort)Bfloat16.Round(Interop.FloatAsInt(p.Matrix.At(at)));
    }

    /// <summary>y = scale x in fp16, to nearest, ties to even; NaN stays NaN.</summary>
    public static void RoundToFp16(RoundingArguments p)
    {
        long at = ElementKernels.Index;
        if (at < p.Matrix.Count)
            p.Y[at] = (ushort)Float16.Round(Interop.FloatAsInt(p.Matrix.At(at) * p.Scale[0]));
    }

    /// <summary>Every row of the matrix becomes the row.</summary>
    public static void FillRows(RowFillArguments p)
    {
        long at = ElementKernels.Index;
        if (at < p.Matrix.Count)
            p.Matrix.Numbers[p.Matrix.Place(at)] = p.Row[at % p.Matrix.Columns];
    }
}
