using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>Inputs of a normalisation; 0 flags are inputs that are not there.</summary>
internal struct NormArguments
{
    public ArrayView<float> Hidden, Residual, Weight, Bias, DropScale;

    public int Rows, Columns, Length;

    public int HasResidual, HasBias, HasDrop, Centred;

    public float Epsilon;

    /// <summary>Drop path's factor of a row.</summary>
    public readonly float Drop(int row) => HasDrop != 0 ? DropScale[row / Length] : 1f;
}

/// <summary>A normalisation's gradients; 0 flags are those that are not there or that nobody wants.</summary>
internal struct NormGradientViews
{
    public ArrayView<float> Sum, Statistics, DY, DSum, DHidden, DResidual;

    /// <summary>Partial sums (block of rows, 2, columns): the weight's and the bias' gradient.</summary>
    public ArrayView<float> Parts;

    public int HasDY, HasDSum, WantsHidden, WantsResidual;
}

// s = residual + p hidden    m = mean(s) or 0    r = 1 / sqrt(mean((s - m)^2) + eps)     n = (s - m) r     y = n w + b
// q = dS + r (g - mean(g) - n mean(g n)), g = w dY, mean(g) for LayerNorm only
// dResidual += q     dHidden += p q     dw += sum dY n     db += sum dY
//
// A warp owns a row: its lanes read neighbouring channels, and sums over the row are a butterfly of shuffles. What a
// lane reads twice it reads the second time from the caches. The weights' gradients are a kernel of their own over
// blocks of rows, for they are seldom wanted.
internal static class AddNormKernels
{
    /// <summary>Threads of a group: four rows.</summary>
    public const int GroupSize = 128;

    /// <summary>Rows that one thread sums for the weights' gradients.</summary>
    public const int RowsPerPart = 64;

    private const int RowsPerGroup = GroupSize / WarpSums.Lanes;

    /// <summary>A warp for each row.</summary>
    public static KernelConfig Configure(int rows) =>
        (new Index3D((rows + RowsPerGroup - 1) / RowsPerGroup, 1, 1), new Index3D(GroupSize, 1, 1));

    /// <summary>How many partial sums the weights' gradients have.</summary>
    public static int Parts(int rows) => (rows + RowsPerPart - 1) / RowsPerPart;

    /// <summary>A thread for each channel and block of rows.</summary>
    public static KernelConfig ConfigureWeights(int rows, int columns) =>
        (new Index3D((columns + GroupSize - 1) / GroupSize, Parts(rows), 1), new Index3D(GroupSize, 1, 1));

    /// <summary>Writes sum, y and the rows' (mean, 1 / deviation).</summary>
    public static void Forward(NormArguments a, ArrayView<float> sum, ArrayView<float> y, ArrayView<float> statistics)
    {
        int lane = Group.IdxX % WarpSums.Lanes, row = (Grid.IdxX * RowsPerGroup) + (Group.IdxX / WarpSums.Lanes);
        int end = row < a.Rows ? a.Columns : 0;
        long at = (long)row * a.Columns;
        float drop = row < a.Rows ? a.Drop(row) : 0f, total = 0f, squares = 0f;
        for (int c = lane; c < end; c += WarpSums.Lanes)
        {
            float s = a.Hidden[at + c] * drop;
            if (a.HasResidual != 0)
                s += a.Residual[at + c];
            sum[at + c] = s;
            total += s;
            squares += s * s;
        }

        float mean = 0f;
        if (a.Centred != 0)
        {
            mean = WarpSums.All(total) / a.Columns;
            squares = 0f;
            for (int c = lane; c < end; c += WarpSums.Lanes)
                squares += (sum[at + c] - mean) * (sum[at + c] - mean);
        }

        float inverse = 1f / MathF.Sqrt((WarpSums.All(squares) / a.Columns) + a.Epsilon);
        for (int c = lane; c < end; c += WarpSums.Lanes)
        {
            float n = (sum[at + c] - mean) * inverse * a.Weight[c];
            y[at + c] = a.HasBias != 0 ? n + a.Bias[c] : n;
        }

        if (lane == 0 && row < a.Rows)
        {
            statistics[2 * row] = mean;
            statistics[(2 * row) + 1] = inverse;
        }
    }

    /// <summary>Adds to dHidden and dResidual.</summary>
    public static void Backward(NormArguments a, NormGradientViews g)
    {
        int lane = Group.IdxX % WarpSums.Lanes, row = (Grid.IdxX * RowsPerGroup) + (Group.IdxX / WarpSums.Lanes);
        int within = row < a.Rows ? row : a.Rows - 1, end = row < a.Rows ? a.Columns : 0;
        long at = (long)within * a.Columns;
        float mean = g.Statistics[2 * within], inverse = g.Statistics[(2 * within) + 1], drop = a.Drop(within);
        float total = 0f, dot = 0f;
        if (g.HasDY != 0)
        {
            for (int c = lane; c < end; c += WarpSums.Lanes)
            {
                float d = a.Weight[c] * g.DY[at + c];
                total += d;
                dot += d * ((g.Sum[at + c] - mean) * inverse);
            }
        }

        float meanG = a.Centred != 0 ? WarpSums.All(total) / a.Columns : 0f, meanGn = WarpSums.All(dot) / a.Columns;
        for (int c = lane; c < end; c += WarpSums.Lanes)
        {
            float q = g.HasDSum != 0 ? g.DSum[at + c] : 0f;
            if (g.HasDY != 0)
            {
                float n = (g.Sum[at + c] - mean) * inverse;
                q += ((a.Weight[c] * g.DY[at + c]) - meanG - (n * meanGn)) * inverse;
            }

            if (g.WantsHidden != 0)
                g.DHidden[at + c] += q * drop;
            if (g.WantsResidual != 0)
                g.DResidual[at + c] += q;
        }
    }

    /// <summary>Partial sums of the weight's and the bias' gradient over blocks of rows.</summary>
    public static void WeightParts(NormArguments a, NormGradientViews g)
    {
        int channel = (Grid.IdxX * GroupSize) + Group.IdxX, from = Grid.IdxY * RowsPerPart;
        if (channel >= a.Columns)
            return;
        int to = from + RowsPerPart < a.Rows ? from + RowsPerPart : a.Rows;
        float dWeight = 0f, dBias = 0f;
        for (int row = from; row < to; row++)
        {
            long at = ((long)row * a.Columns) + channel;
            float d = g.DY[at];
            dWeight += d * ((g.Sum[at] - g.Statistics[2 * row]) * g.Statistics[(2 * row) + 1]);
            dBias += d;
        }

        long part = (2L * Grid.IdxY * a.Columns) + channel;
        g.Parts[part] = dWeight;
        g.Parts[part + a.Columns] = dBias;
    }
}
