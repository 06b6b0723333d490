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
    /// <summary>Threads of a group.</summary>
    public const int GroupSize = 128;

    /// <summary>Groups of a whole tensor.</summary>
    public static int Groups(long count) => (int)Math.Clamp((count + 4095) / 4096, 1, 264);

    /// <summary>Groups for a sum over a tensor.</summary>
    public static KernelConfig Configure(int groups) => (new Index3D(groups, 1, 1), new Index3D(GroupSize, 1, 1));

    /// <summary>The groups' sums of squares.</summary>
    public static void SumSquares(ReductionArguments a)
    {
        double sum = 0;
        for (long i = First; i < a.Count; i += (long)GroupSize * Grid.DimX)
            sum += (double)a.X[i] * a.X[i];
        Write(a, Total(sum));
    }

    /// <summary>How many numbers are NaN or infinite.</summary>
    public static void CountNotFinite(ReductionArguments a)
    {
        double count = 0;
        for (long i = First; i < a.Count; i += (long)GroupSize * Grid.DimX)
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
        for (long i = from + Group.IdxX; i < from + a.Size; i += GroupSize)
        {
            g += (double)a.Gradient[i] * a.Gradient[i];
            w += (double)a.Weight[i] * a.Weight[i];
        }

        double length = IntrinsicMath.CPUOnly.Sqrt(Total(g)), size = IntrinsicMath.CPUOnly.Sqrt(Total(w));
        double limit = (size > a.Epsilon ? size : a.Epsilon) * a.Factor;
        if (length < limit)
            return;
        float scale = (float)(limit / (length > 1e-6 ? length : 1e-6));
        for (long i = from + Group.IdxX; i < from + a.Size; i += GroupSize)
            a.Gradient[i] *= scale;
    }

    private static long First => ((long)Grid.IdxX * GroupSize) + Group.IdxX;

    /// <summary>The sum over the group's threads, in all of them.</summary>
    private static double Total(double value)
    {
        ArrayView<double> sums = SharedMemory.Allocate<double>(GroupSize);
        sums[Group.IdxX] = value;
        Group.Barrier();
        for (int half = GroupSize / 2; half > 0; half /= 2)
        {
            if (Group.IdxX < half)
                sums[Group.IdxX] += sums[Group.IdxX + half];
            Group.Barrier();
        }

        double total = sums[0];
        Group.Barrier();
        return total;
    }

    private static void Write(in ReductionArguments a, double sum)
    {
        if (Group.IdxX != 0)
            return;
        float high = (float)sum;
        a.Parts[2 * Grid.IdxX] = high;
        a.Parts[(2 * Grid.IdxX) + 1] = (float)(sum - high);
    }
}
