using ILGPU;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu.Kernels;

/// <summary>Inputs of an arrangement of tokens, as <see cref="ArrangeTokensArguments"/>.</summary>
internal struct ArrangeArguments
{
    public ArrayView<float> X, Learned, Y;

    /// <summary>Where each token comes from.</summary>
    public ArrayView<int> Order;

    public Rng Rng;

    /// <summary>
    /// Sizes: samples, tokens of y, tokens of x, learned tokens, channels; and the first sample's place.
    /// </summary>
    public int Batch, Length, Inputs, LearnedCount, Dim, FirstImage;

    public float Dropout;

    /// <summary>In the backward pass: whether x and the learned tokens want gradients.</summary>
    public int WantsX, WantsLearned;

    /// <summary>1 / (1 - p) where an element of a learned token is kept, else 0: the CPU's decisions.</summary>
    public readonly float Share(int sample, int index, int channel)
    {
        if (Dropout == 0f)
            return 1f;
        long at = (((((long)FirstImage + sample) * LearnedCount) + index) * Dim) + channel;
        return Rng.Uniform((ulong)at) < Dropout ? 0f : 1f / (1f - Dropout);
    }
}

/// <summary>Tokens inserted, replaced, removed or moved.</summary>
internal static class TokenKernels
{
    /// <summary>Writes y; a thread for each of its numbers.</summary>
    public static void ArrangeForward(ArrangeArguments a)
    {
        long index = ElementKernels.Index;
        if (index >= (long)a.Batch * a.Length * a.Dim)
            return;
        int row = (int)(index / a.Dim), channel = (int)(index - ((long)row * a.Dim));
        int sample = row / a.Length, source = a.Order[row - (sample * a.Length)];
        float value = 0f;
        if (source >= 0)
            value = a.X[((((long)sample * a.Inputs) + source) * a.Dim) + channel];
        else if (source != TokenOrder.Zero)
            value = a.Learned[((long)~source * a.Dim) + channel] * a.Share(sample, ~source, channel);
        a.Y[index] = value;
    }

    /// <summary>
    /// Y is dY, X and Learned are the targets. A thread for each place and channel goes through the samples in order.
    /// </summary>
    public static void ArrangeBackward(ArrangeArguments a)
    {
        long index = ElementKernels.Index;
        if (index >= (long)a.Length * a.Dim)
            return;
        int place = (int)(index / a.Dim), channel = (int)(index - ((long)place * a.Dim)), source = a.Order[place];
        if (source >= 0 && a.WantsX != 0)
        {
            for (int sample = 0; sample < a.Batch; sample++)
            {
                a.X[((((long)sample * a.Inputs) + source) * a.Dim) + channel] +=
                    a.Y[((((long)sample * a.Length) + place) * a.Dim) + channel];
            }
        }

        if (source >= 0 || source == TokenOrder.Zero || a.WantsLearned == 0)
            return;
        float sum = a.Learned[((long)~source * a.Dim) + channel];
        for (int sample = 0; sample < a.Batch; sample++)
        {
            sum += a.Y[((((long)sample * a.Length) + place) * a.Dim) + channel]
                * a.Share(sample, ~source, channel);
        }

        a.Learned[((long)~source * a.Dim) + channel] = sum;
    }
}
