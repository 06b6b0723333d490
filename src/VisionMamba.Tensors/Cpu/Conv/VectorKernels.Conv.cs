namespace VisionMamba.Tensors.Cpu;

internal abstract unsafe partial class VectorKernels
{
    /// <summary>y of channels from .. to of one sample; the tensors' first numbers are given.</summary>
    public abstract void ConvForward(
        in ConvShape shape, int sample, int from, int to, float* xz, float* weight, float* bias, float* y);

    /// <summary>
    /// Adds the gradients of channels from .. to of samples first .. end. dXz, dWeight and dBias are null where frozen.
    /// </summary>
    public abstract void ConvBackward(
        in ConvShape shape, int first, int end, int from, int to, in ConvInputs inputs, float* dXz, float* dWeight,
        float* dBias);
}

/// <summary>What the convolution's backward pass reads.</summary>
internal readonly unsafe struct ConvInputs(Tensor xz, Tensor weight, Tensor bias, Tensor dY)
{
    public readonly float* Xz = xz.Pointer;
    public readonly float* Weight = weight.Pointer;
    public readonly float* Bias = bias.Pointer;
    public readonly float* DY = dY.Pointer;
}

internal sealed unsafe partial class VectorKernels<T>
{
    /// <inheritdoc/>
    public override void ConvForward(
        in ConvShape shape, int sample, int from, int to, float* xz, float* weight, float* bias, float* y)
    {
        float* taps = Scratch.Take(shape.Width * T.Count);
        for (int c = from; c < to; c += T.Count)
        {
            int count = Math.Min(T.Count, to - c);
            shape.GatherTaps<T>(weight, c, count, taps);
            ConvKernels<T>.Forward(
                shape, shape.Input(xz, sample, c), taps, bias + c, count, shape.Output(y, sample, c));
        }
    }

    /// <inheritdoc/>
    public override void ConvBackward(
        in ConvShape shape, int first, int end, int from, int to, in ConvInputs inputs, float* dXz, float* dWeight,
        float* dBias)
    {
        int taken = shape.Width * T.Count;
        float* taps = Scratch.Take((2 * taken) + T.Count + ((long)T.Count * shape.Length));
        float* dTaps = taps + taken, dB = dTaps + taken, dP = dB + T.Count;
        for (int c = from; c < to; c += T.Count)
        {
            int count = Math.Min(T.Count, to - c);
            shape.GatherTaps<T>(inputs.Weight, c, count, taps);
            new Span<float>(dTaps, taken + T.Count).Clear();
            for (int sample = first; sample < end; sample++)
            {
                var g = new ConvGradients(
                    dXz == null ? null : shape.Input(dXz, sample, c), dWeight == null ? null : dTaps, dB, dP);
                ConvKernels<T>.Backward(
                    shape, shape.Input(inputs.Xz, sample, c), taps, inputs.Bias + c, count,
                    shape.Output(inputs.DY, sample, c), g);
            }

            if (dWeight != null)
                shape.AddTaps<T>(dTaps, dWeight, c, count);
            if (dBias != null)
                (T.Load(dB) + T.Load(dBias + c, count)).Store(dBias + c, count);
        }
    }
}
