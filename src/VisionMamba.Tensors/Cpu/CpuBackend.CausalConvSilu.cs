namespace VisionMamba.Tensors.Cpu;

// Lanes own channels: a piece is 128 channels of one sample over all tokens (see Conv/ConvKernels.cs).
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void CausalConvSiluForward(Tensor xz, Tensor weight, Tensor bias, bool reversed, Tensor y)
    {
        var shape = new ConvShape(xz, weight, reversed, y.Columns);
        OverSamplesAndChannels(shape.Batch, shape.Inner, new ConvKernel(_vectors, shape, xz, weight, bias, y));
    }

    /// <inheritdoc/>
    public override bool ConvolvesInPlace(Tensor weight) => weight.Columns == ConvShape.FastWidth;

    /// <inheritdoc/>
    public override void CausalConvSiluBackward(
        Tensor xz, Tensor weight, Tensor bias, bool reversed, Tensor dY, Tensor? dXz, Tensor? dWeight, Tensor? dBias)
    {
        var shape = new ConvShape(xz, weight, reversed, dY.Columns);
        // Without weight gradients the samples are independent; with them, threads split channels and the batch is
        // summed in order.
        var kernel = new ConvGradientKernel(_vectors, shape, xz, weight, bias, dY, dXz, dWeight, dBias);
        if (dWeight is null && dBias is null)
            OverSamplesAndChannels(shape.Batch, shape.Inner, kernel);
        else
            OverChannels(shape.Inner, kernel);
    }

    private readonly struct ConvKernel(
        VectorKernels vectors, ConvShape shape, Tensor xz, Tensor weight, Tensor bias, Tensor y) : ISampleRange
    {
        public void Run(int sample, int from, int to) =>
            vectors.ConvForward(shape, sample, from, to, xz.Pointer, weight.Pointer, bias.Pointer, y.Pointer);
    }

    private readonly struct ConvGradientKernel(
        VectorKernels vectors, ConvShape shape, Tensor xz, Tensor weight, Tensor bias, Tensor dY, Tensor? dXz,
        Tensor? dWeight, Tensor? dBias) : ISampleRange, IRange
    {
        public void Run(int sample, int from, int to) => Run(sample, sample + 1, from, to);

        public void Run(int from, int to) => Run(0, shape.Batch, from, to);

        private void Run(int firstSample, int samples, int from, int to) => vectors.ConvBackward(
            shape, firstSample, samples, from, to, new ConvInputs(xz, weight, bias, dY), PointerOf(dXz),
            PointerOf(dWeight), PointerOf(dBias));
    }
}
