namespace VisionMamba.Tensors.Cpu;

// Lanes own channels: a piece is 128 channels of one sample over all tokens (see Conv/ConvKernels.cs).
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void CausalConvSiluForward(Tensor xz, Tensor weight, Tensor bias, bool reversed, Tensor y)
    {
        var shape = new ConvShape(xz, weight, reversed, y.Columns);
        OverSamplesAndChannels(shape.Batch, shape.Inner, (sample, from, to) =>
            _vectors.ConvForward(shape, sample, from, to, xz.Pointer, weight.Pointer, bias.Pointer, y.Pointer));
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
        if (dWeight is null && dBias is null)
        {
            OverSamplesAndChannels(shape.Batch, shape.Inner, (sample, from, to) =>
                _vectors.ConvBackward(
                    shape, sample, sample + 1, from, to, new ConvInputs(xz, weight, bias, dY), PointerOf(dXz),
                    null, null));
        }
        else
        {
            OverChannels(shape.Inner, (from, to) =>
                _vectors.ConvBackward(
                    shape, 0, shape.Batch, from, to, new ConvInputs(xz, weight, bias, dY), PointerOf(dXz),
                    PointerOf(dWeight), PointerOf(dBias)));
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
