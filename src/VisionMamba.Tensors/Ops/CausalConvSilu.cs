namespace VisionMamba.Tensors;

// Shapes: xz (batch, length, 2*inner), of which the first half x is read; weight (inner, 1, width); bias (inner);
// y (batch, length, inner). "Reversed" reads the tokens from the last to the first, in place.

public abstract partial class Backend
{
    /// <summary>
    /// y_t = silu(bias + sum_k weight_k x_(t-width+1+k)), with zeros before the first token. y may be xz itself where
    /// <see cref="ConvolvesInPlace"/>: its first half then takes the result.
    /// </summary>
    public abstract void CausalConvSiluForward(Tensor xz, Tensor weight, Tensor bias, bool reversed, Tensor y);

    /// <summary>Whether the forward pass may write over its input.</summary>
    public virtual bool ConvolvesInPlace(Tensor weight) => false;

    /// <summary>Adds into the first half of dXz, dWeight and dBias. The value before silu is computed again.</summary>
    public abstract void CausalConvSiluBackward(
        Tensor xz, Tensor weight, Tensor bias, bool reversed, Tensor dY, Tensor? dXz, Tensor? dWeight, Tensor? dBias);
}

public static partial class Operations
{
    /// <summary>
    /// Mamba's short depthwise causal convolution followed by SiLU (arXiv 2312.00752, section 3.4), over the x half of
    /// <paramref name="xz"/>; in the reversed direction token t sees t .. t+width-1. Where nothing is recorded the
    /// <paramref name="last"/> reader of x may get the result in x's place: the first half of xz, which is given back.
    /// </summary>
    public static Tensor CausalConvSilu(
        this Tape tape, Tensor xz, Tensor weight, Tensor bias, bool reversed, bool last = false)
    {
        bool needsGradient = xz.NeedsGradient || weight.NeedsGradient || bias.NeedsGradient;
        if (last && !(needsGradient && tape.Recording) && Tape.IsLastUse(xz) && tape.Backend.ConvolvesInPlace(weight))
        {
            tape.Backend.CausalConvSiluForward(xz, weight, bias, reversed, xz);
            return tape.Finished("causal convolution", xz);
        }

        Tensor y = tape.OutputOfRows(needsGradient, xz, xz.Columns / 2);
        tape.Backend.CausalConvSiluForward(xz, weight, bias, reversed, y);
        // Computed again for the backward pass: 2 % of a block's time against 37 % of its memory.
        return tape.Record(
            "causal convolution", y, (xz, weight, bias, reversed, y),
            static (tape, s) => tape.Backend.CausalConvSiluBackward(
                s.xz, s.weight, s.bias, s.reversed, s.y.Gradient!,
                tape.Target(s.xz), tape.Target(s.weight), tape.Target(s.bias)),
            [xz],
            static (tape, s) => tape.Backend.CausalConvSiluForward(s.xz, s.weight, s.bias, s.reversed, s.y));
    }
}
