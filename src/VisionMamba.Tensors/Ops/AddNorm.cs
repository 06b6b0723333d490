namespace VisionMamba.Tensors;

/// <summary>Which normalisation a model uses.</summary>
public enum NormKind
{
    /// <summary>
    /// y = x / sqrt(mean(x^2) + eps) * weight (Zhang and Sennrich 2019), used by all released Vim models.
    /// </summary>
    RmsNorm,

    /// <summary>y = (x - mean) / sqrt(variance + eps) * weight + bias (Ba et al. 2016).</summary>
    LayerNorm,
}

// Shapes: hidden, residual, sum, y (batch, length, channels); weight, bias (channels); dropScale (batch);
// statistics (batch*length, 2) holding mean (0 for RMSNorm) and 1 / sqrt(variance + eps) of each row.

public abstract partial class Backend
{
    /// <summary>
    /// sum = residual + dropScale * hidden; y = norm(sum) * weight + bias. Writes the rows' statistics. Hidden may be
    /// sum.
    /// </summary>
    public abstract void AddNormForward(in AddNormArguments a, Tensor sum, Tensor y, Tensor statistics);

    /// <summary>
    /// With g = dSum + d(norm): dHidden += dropScale * g; dResidual += g; and the weight's and bias' gradients.
    /// </summary>
    public abstract void AddNormBackward(
        in AddNormArguments a, Tensor sum, Tensor statistics, Tensor? dY, Tensor? dSum,
        Tensor? dHidden, Tensor? dResidual, Tensor? dWeight, Tensor? dBias);
}

/// <summary>Inputs of <see cref="Operations.AddNorm"/>.</summary>
/// <param name="Kind">RMSNorm or LayerNorm.</param>
/// <param name="Hidden">The last mixer's output.</param>
/// <param name="Residual">The residual stream, or null in the first block.</param>
/// <param name="Weight">Scale per channel.</param>
/// <param name="Bias">Shift per channel, or null.</param>
/// <param name="DropScale">Per sample: 0 when its path is dropped, else 1 / (1 - rate); null without drop path.</param>
/// <param name="Epsilon">Added to the mean square.</param>
public readonly record struct AddNormArguments(
    NormKind Kind, Tensor Hidden, Tensor? Residual, Tensor Weight, Tensor? Bias, Tensor? DropScale, float Epsilon);

public static partial class Operations
{
    /// <summary>
    /// Vim's pre-normalisation: adds the (randomly dropped) hidden state to the residual stream and normalises the sum.
    /// Returns the normalised tokens and the new residual stream.
    /// </summary>
    public static (Tensor Normed, Tensor Residual) AddNorm(this Tape tape, AddNormArguments a)
    {
        bool needsGradient = a.Hidden.NeedsGradient || a.Residual is { NeedsGradient: true }
            || a.Weight.NeedsGradient || a.Bias is { NeedsGradient: true };
        Tensor sum = tape.Output(needsGradient, a.Hidden.Shape);
        Tensor y = tape.Output(needsGradient, a.Hidden.Shape);
        Tensor statistics = tape.Output(false, a.Hidden.Rows, 2);
        tape.Backend.AddNormForward(a, sum, y, statistics);
        // The norm is made again for the backward pass from the sum, which the sum's own gradient needs anyway: a
        // hundredth of a block's time against a sixth of its memory.
        tape.Record(
            "norm", y, (a, sum, y, statistics),
            static (tape, s) => tape.Backend.AddNormBackward(
                s.a, s.sum, s.statistics, s.y.Gradient, s.sum.Gradient,
                tape.Target(s.a.Hidden), tape.Target(s.a.Residual), tape.Target(s.a.Weight), tape.Target(s.a.Bias)),
            [sum, Tape.Exact(statistics), Tape.Exact(a.DropScale)],
            static (tape, s) => tape.Backend.AddNormForward(
                s.a with { Hidden = s.sum, Residual = null, DropScale = null }, s.sum, s.y, s.statistics),
            second: sum);
        return (y, sum);
    }
}
