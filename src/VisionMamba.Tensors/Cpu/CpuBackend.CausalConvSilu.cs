namespace VisionMamba.Tensors.Cpu;

// Lanes own channels: a piece is 16 channels of one sample over all tokens (see ConvKernels.cs).
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void CausalConvSiluForward(Tensor xz, Tensor weight, Tensor bias, bool reversed, Tensor y)
    {
        var shape = new ConvShape(xz, weight, reversed);
        OverSamplesAndChannels(shape.Batch, shape.Inner, (sample, from, to) =>
        {
            float* taps = Scratch.Take(shape.Width * Simd.Lanes);
            for (int c = from; c < to; c += Simd.Lanes)
            {
                int count = Math.Min(Simd.Lanes, to - c);
                shape.GatherTaps(weight.Pointer, c, count, taps);
                float* x = shape.Input(xz, sample, c), o = shape.Output(y, sample, c);
                if (shape.Width == ConvKernels.FastWidth)
                    ConvKernels.Forward4(shape, x, taps, bias.Pointer + c, count, o);
                else
                    ConvKernels.Forward(shape, x, taps, bias.Pointer + c, count, o);
            }
        });
    }

    /// <inheritdoc/>
    public override void CausalConvSiluBackward(
        Tensor xz, Tensor weight, Tensor bias, bool reversed, Tensor dY, Tensor? dXz, Tensor? dWeight, Tensor? dBias)
    {
        var shape = new ConvShape(xz, weight, reversed);
        // Without weight gradients the samples are independent; with them, threads split channels and the batch is
        // summed in order.
        if (dWeight is null && dBias is null)
        {
            OverSamplesAndChannels(shape.Batch, shape.Inner, (sample, from, to) =>
                ConvBackward(shape, sample, sample + 1, from, to, xz, weight, bias, dY, dXz, null, null));
        }
        else
        {
            OverChannels(shape.Inner, (from, to) =>
                ConvBackward(shape, 0, shape.Batch, from, to, xz, weight, bias, dY, dXz, dWeight, dBias));
        }
    }

    private static void ConvBackward(
        ConvShape shape, int firstSample, int endSample, int from, int to,
        Tensor xz, Tensor weight, Tensor bias, Tensor dY, Tensor? dXz, Tensor? dWeight, Tensor? dBias)
    {
        int taken = shape.Width * Simd.Lanes;
        float* taps = Scratch.Take((2 * taken) + Simd.Lanes + ((long)Simd.Lanes * shape.Length));
        float* dTaps = taps + taken, dB = dTaps + taken, dP = dB + Simd.Lanes;
        for (int c = from; c < to; c += Simd.Lanes)
        {
            int count = Math.Min(Simd.Lanes, to - c);
            shape.GatherTaps(weight.Pointer, c, count, taps);
            new Span<float>(dTaps, taken + Simd.Lanes).Clear();
            for (int sample = firstSample; sample < endSample; sample++)
            {
                var g = new ConvGradients(
                    dXz is null ? null : shape.Input(dXz, sample, c), dWeight is null ? null : dTaps, dB, dP);
                float* x = shape.Input(xz, sample, c), d = shape.Output(dY, sample, c);
                if (shape.Width == ConvKernels.FastWidth)
                    ConvKernels.Backward4(shape, x, taps, bias.Pointer + c, count, d, g);
                else
                    ConvKernels.Backward(shape, x, taps, bias.Pointer + c, count, d, g);
            }

            if (dWeight is not null)
                shape.AddTaps(dTaps, dWeight.Pointer, c, count);
            if (dBias is not null)
                Simd.Add(System.Runtime.Intrinsics.Vector512.Load(dB), dBias.Pointer + c, count);
        }
    }

    private void OverSamplesAndChannels(int batch, int channels, Action<int, int, int> body)
    {
        const int Width = 8 * Simd.Lanes;
        int chunks = (channels + Width - 1) / Width;
        _pool.Run(batch * chunks, piece =>
        {
            int from = piece % chunks * Width;
            body(piece / chunks, from, Math.Min(channels, from + Width));
        });
    }
}
