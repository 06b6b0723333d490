using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>Inputs of a sum over a whole tensor.</summary>
internal struct ReductionArguments
{
    /// <summary>The numbers, and each group's sum as two numbers, exact to 48 bits.</summary>
    public ArrayView<float> X, Parts;

    public long Count;
}

/// <summary>A gradient and its weight, by units of so many numbers.</summary>
internal struct UnitClipArguments
{
    public ArrayView<float> Gradient, Weight;

    public long Size;

    public double Factor, Epsilon;
}

/// <summary>Sums over all numbers, in double precision and one order.</summary>
internal static class ReductionKernels
{
    /// <summary>The groups' sums of squares.</summary>
    public static void SumSquares(ReductionArguments a)
    {
        double sum = 0;
        for (long i = GroupReduction.First; i < a.Count; i += GroupReduction.Step)
            sum += (double)a.X[i] * a.X[i];
        Write(a, Total(sum));
    }

    /// <summary>How many numbers are NaN or infinite.</summary>
    public static void CountNotFinite(ReductionArguments a)
    {
        double count = 0;
        for (long i = GroupReduction.First; i < a.Count; i += GroupReduction.Step)
            count += a.X[i] - a.X[i] == 0f ? 0 : 1;
        Write(a, Total(count));
    }

    /// <summary>
    /// A group for each unit: g becomes g limit / max(|g|, 1e-6) where |g| is not below limit = factor max(|w|,
    /// epsilon).
    /// </summary>
    public static void ClipUnit(UnitClipArguments a)
    {
        long from = Grid.IdxX * a.Size;
        double g = 0, w = 0;
        for (long i = from + Group.IdxX; i < from + a.Size; i += GroupReduction.GroupSize)
        {
            g += (double)a.Gradient[i] * a.Gradient[i];
            w += (double)a.Weight[i] * a.Weight[i];
        }

        double length = IntrinsicMath.CPUOnly.Sqrt(Total(g)), size = IntrinsicMath.CPUOnly.Sqrt(Total(w));
        double limit = (size > a.Epsilon ? size : a.Epsilon) * a.Factor;
        if (length < limit)
            return;
        float scale = (float)(limit / (length > 1e-6 ? length : 1e-6));
        for (long i = from + Group.IdxX; i < from + a.Size; i += GroupReduction.GroupSize)
            a.Gradient[i] *= scale;
    }

    private static double Total(double value) => GroupReduction.Of<double, Sum>(value);

    private static void Write(in ReductionArguments a, double sum)
    {
        if (Group.IdxX != 0)
            return;
        float high = (float)sum;
        a.Parts[2 * Grid.IdxX] = high;
        a.Parts[(2 * Grid.IdxX) + 1] = (float)(sum - high);
    }
}
