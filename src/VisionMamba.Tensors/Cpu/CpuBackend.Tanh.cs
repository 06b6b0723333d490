namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void TanhForward(Tensor x, Tensor y)
    {
        // A handful of learned tokens: the library's exact function needs no vectors.
        for (int i = 0; i < x.Span.Length; i++)
            y.Pointer[i] = MathF.Tanh(x.Pointer[i]);
        Keep(x, y);
    }

    /// <inheritdoc/>
    public override void TanhBackward(Tensor y, Tensor dY, Tensor dX)
    {
        for (int i = 0; i < y.Span.Length; i++)
            dX.Pointer[i] += dY.Pointer[i] * (1 - (y.Pointer[i] * y.Pointer[i]));
        Keep(y, dY, dX);
    }
}
