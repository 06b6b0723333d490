using ILGPU;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu.Kernels;

/// <summary>A prompt before SiLU, its scales' row and its dropout's generator; a 0 flag is one not there.</summary>
internal struct PromptView
{
    public ArrayView<float> Values, Scale, DValues;

    public Rng Rng;

    public int Exists, WantsValues;
}

/// <summary>Inputs of a selective prompt.</summary>
internal struct PromptArguments
{
    public ArrayView<float> X;

    public PromptView Cross, Inner;

    public int Rows, Dim, Length, ClassToken;

    public float Dropout;

    /// <summary>Where the first sample stands in the whole batch, in elements.</summary>
    public long FirstElement;

    /// <summary>1 / (1 - p) where an element is kept, else 0: the CPU's decisions, from the same numbers.</summary>
    public readonly float Mask(Rng rng, long at)
    {
        if (Dropout == 0f)
            return 1f;
        return rng.Uniform((ulong)(at + FirstElement)) < Dropout ? 0f : 1f / (1f - Dropout);
    }
}

/// <summary>Gradients of a selective prompt that both prompts share.</summary>
internal struct PromptGradientViews
{
    public ArrayView<float> DY, DX;

    /// <summary>Partial sums (block of rows, 2, dim): alpha's and beta's gradient.</summary>
    public ArrayView<float> Parts;

    public int WantsX, WantsScales;
}

// y = x + alpha drop(silu(c)) + beta drop(silu(i)), and y = x at the class token
// dX += dY     dc += drop(dY) alpha silu'(c)     dalpha += sum over tokens of drop(dY) silu(c)     likewise i and beta
internal static class SelectivePromptKernels
{
    /// <summary>Threads of a group.</summary>
    public const int GroupSize = 128;

    /// <summary>Rows of one thread.</summary>
    public const int RowsPerPart = 16;

    /// <summary>How many blocks of rows.</summary>
    public static int Parts(int rows) => (rows + RowsPerPart - 1) / RowsPerPart;

    /// <summary>A thread for each block of rows (x: y ends at 65,535) and channel.</summary>
    public static KernelConfig Configure(int rows, int dim) =>
        (new Index3D(Parts(rows), (dim + GroupSize - 1) / GroupSize, 1), new Index3D(GroupSize, 1, 1));

    /// <summary>Writes y.</summary>
    public static void Forward(PromptArguments a, ArrayView<float> y)
    {
        int channel = (Grid.IdxY * GroupSize) + Group.IdxX, from = Grid.IdxX * RowsPerPart;
        if (channel >= a.Dim)
            return;
        int to = from + RowsPerPart < a.Rows ? from + RowsPerPart : a.Rows;
        float alpha = a.Cross.Exists != 0 ? a.Cross.Scale[channel] : 0f;
        float beta = a.Inner.Exists != 0 ? a.Inner.Scale[channel] : 0f;
        for (int row = from; row < to; row++)
        {
            long at = ((long)row * a.Dim) + channel;
            float value = a.X[at];
            if (row % a.Length != a.ClassToken)
            {
                if (a.Cross.Exists != 0)
                    value += DeviceMath.Silu(a.Cross.Values[at]) * a.Mask(a.Cross.Rng, at) * alpha;
                if (a.Inner.Exists != 0)
                    value += DeviceMath.Silu(a.Inner.Values[at]) * a.Mask(a.Inner.Rng, at) * beta;
            }

            y[at] = value;
        }
    }

    /// <summary>Adds the gradients of x and the prompts; writes the scales' partial sums.</summary>
    public static void Backward(PromptArguments a, PromptGradientViews g)
    {
        int channel = (Grid.IdxY * GroupSize) + Group.IdxX, from = Grid.IdxX * RowsPerPart;
        if (channel >= a.Dim)
            return;
        int to = from + RowsPerPart < a.Rows ? from + RowsPerPart : a.Rows;
        float alpha = a.Cross.Exists != 0 ? a.Cross.Scale[channel] : 0f;
        float beta = a.Inner.Exists != 0 ? a.Inner.Scale[channel] : 0f;
        float dAlpha = 0f, dBeta = 0f;
        for (int row = from; row < to; row++)
        {
            long at = ((long)row * a.Dim) + channel;
            float d = g.DY[at];
            if (g.WantsX != 0)
                g.DX[at] += d;
            if (row % a.Length == a.ClassToken)
                continue;
            if (a.Cross.Exists != 0)
                dAlpha += Prompt(a.Cross, at, alpha, d * a.Mask(a.Cross.Rng, at));
            if (a.Inner.Exists != 0)
                dBeta += Prompt(a.Inner, at, beta, d * a.Mask(a.Inner.Rng, at));
        }

        if (g.WantsScales == 0)
            return;
        long part = (2L * Grid.IdxX * a.Dim) + channel;
        g.Parts[part] = dAlpha;
        g.Parts[part + a.Dim] = dBeta;
    }

    /// <summary>Adds to a prompt's gradient; returns the element's share in its scale's.</summary>
    private static float Prompt(in PromptView p, long at, float scale, float d)
    {
        float x = p.Values[at], gate = DeviceMath.Sigmoid(x);
        if (p.WantsValues != 0)
            p.DValues[at] += d * scale * DeviceMath.SiluSlope(x, gate);
        return d * (x * gate);
    }
}
