using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>A convolution's inputs; x is the first half of xz's rows.</summary>
internal struct ConvArguments
{
    public ArrayView<float> Xz, Weight, Bias;

    public int Length, Inner, Width;

    /// <summary>1 from the first token to the last, -1 from the last to the first.</summary>
    public int Direction;

    /// <summary>The row of a step, which lies within the sample.</summary>
    public readonly long Row(int sample, int step) =>
        ((long)sample * Length) + (Direction > 0 ? step : Length - 1 - step);

    /// <summary>x of a step, 0 before the first and after the last.</summary>
    public readonly float X(int sample, int channel, int step)
    {
        if (step < 0)
            return 0f;
        return step < Length ? Xz[(Row(sample, step) * 2 * Inner) + channel] : 0f;
    }
}

/// <summary>Where its gradients go; 0 flags are targets that nobody wants.</summary>
internal struct ConvGradientViews
{
    public ArrayView<float> DY, DXz;

    /// <summary>Partial sums (sample and segment, taps + 1, inner) of the weights and the bias.</summary>
    public ArrayView<float> Parts;

    public int WantsX, WantsWeights;
}

// p_t = b + sum_k w_k x_(t-W+1+k)       y_t = silu(p_t)       e_t = dY_t silu'(p_t)
// dX_s += sum_k w_k e_(s+W-1-k)         dw_k += sum_t e_t x_(t-W+1+k)         db += sum_t e_t
//
// A thread owns a channel and 32 tokens of one sample: every x is read once into a window of registers (and 3 again at
// the segments' borders), neighbouring threads read neighbouring channels. The backward pass computes the 3 steps after
// its segment, too, instead of exchanging them.
internal static class CausalConvSiluKernels
{
    /// <summary>Threads of a group.</summary>
    public const int GroupSize = 128;

    /// <summary>Tokens of a thread.</summary>
    public const int Segment = 32;

    /// <summary>Segments of a sample.</summary>
    public static int Segments(int length) => (length + Segment - 1) / Segment;

    /// <summary>Groups: x over the channels, y over the samples, z over the segments.</summary>
    public static KernelConfig Configure(int batch, int length, int inner) =>
        (new Index3D((inner + GroupSize - 1) / GroupSize, batch, Segments(length)), new Index3D(GroupSize, 1, 1));

    /// <summary>The forward kernel for up to as many taps as <typeparamref name="TTaps"/> has.</summary>
    public static void Forward<TTaps>(ConvArguments a, ArrayView<float> y)
        where TTaps : struct, IConvTaps<TTaps>
    {
        int channel = (Grid.IdxX * GroupSize) + Group.IdxX, sample = Grid.IdxY, from = Grid.IdxZ * Segment;
        if (channel >= a.Inner)
            return;
        var taps = default(TTaps);
        taps.Load(a.Weight, (long)channel * a.Width, 1, a.Width - taps.Count, a.Width);
        TTaps window = Before<TTaps>(a, sample, channel, from);
        float bias = a.Bias[channel];
        int to = from + Segment < a.Length ? from + Segment : a.Length;
        for (int step = from; step < to; step++)
        {
            window.Push(a.X(sample, channel, step));
            y[(a.Row(sample, step) * a.Inner) + channel] = DeviceMath.Silu(bias + window.Dot(taps));
        }
    }

    /// <summary>The backward kernel.</summary>
    public static void Backward<TTaps>(ConvArguments a, ConvGradientViews g)
        where TTaps : struct, IConvTaps<TTaps>
    {
        int channel = (Grid.IdxX * GroupSize) + Group.IdxX, sample = Grid.IdxY, from = Grid.IdxZ * Segment;
        if (channel >= a.Inner)
            return;
        TTaps taps = default, reversed = default, errors = default, dTaps = default;
        taps.Load(a.Weight, (long)channel * a.Width, 1, a.Width - taps.Count, a.Width);
        reversed.Load(a.Weight, ((long)channel * a.Width) + a.Width - 1, -1, 0, a.Width);
        TTaps window = Before<TTaps>(a, sample, channel, from);
        float bias = a.Bias[channel], dBias = 0f;
        int to = from + Segment < a.Length ? from + Segment : a.Length;
        for (int step = from; step < to + taps.Count - 1; step++)
        {
            window.Push(a.X(sample, channel, step));
            float e = 0f;
            if (step < a.Length)
            {
                float p = bias + window.Dot(taps);
                e = g.DY[(a.Row(sample, step) * a.Inner) + channel] * DeviceMath.SiluSlope(p, DeviceMath.Sigmoid(p));
            }

            errors.Push(e);
            if (step < to)
            {
                dTaps.AddScaled(window, e);
                dBias += e;
            }

            int target = step - taps.Count + 1;
            if (g.WantsX != 0 && target >= from)
                g.DXz[(a.Row(sample, target) * 2 * a.Inner) + channel] += errors.Dot(reversed);
        }

        if (g.WantsWeights == 0)
            return;
        long part = ((((long)sample * Grid.DimZ) + Grid.IdxZ) * (taps.Count + 1) * a.Inner) + channel;
        dTaps.Store(g.Parts, part, a.Inner);
        g.Parts[part + ((long)taps.Count * a.Inner)] = dBias;
    }

    /// <summary>The window as it stands before step <paramref name="from"/>.</summary>
    private static TTaps Before<TTaps>(in ConvArguments a, int sample, int channel, int from)
        where TTaps : struct, IConvTaps<TTaps>
    {
        var window = default(TTaps);
        for (int step = from - window.Count + 1; step < from; step++)
            window.Push(a.X(sample, channel, step));
        return window;
    }
}
