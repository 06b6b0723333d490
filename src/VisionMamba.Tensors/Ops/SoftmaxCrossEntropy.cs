namespace VisionMamba.Tensors;

// Shapes: logits, targets, probabilities (.., classes); loss (1). Rows are images.

/// <summary>How a cross entropy counts.</summary>
/// <param name="Weight">Factor of the sum over the images; 1 / images for their mean.</param>
/// <param name="Temperature">Divides the logits before the softmax.</param>
/// <param name="Divergence">Subtract the targets' own entropy: the Kullback-Leibler divergence; same gradient.</param>
public readonly record struct CrossEntropyArguments(double Weight, double Temperature = 1, bool Divergence = false);

public abstract partial class Backend
{
    /// <summary>
    /// loss = -weight * sum over images and classes of targets * log softmax(logits / temperature); also writes the
    /// probabilities.
    /// </summary>
    public abstract void SoftmaxCrossEntropyForward(
        in CrossEntropyArguments a, Tensor logits, Tensor targets, Tensor probabilities, Tensor loss);

    /// <summary>dLogits += dLoss weight / temperature (probabilities * sum(targets) - targets).</summary>
    public abstract void SoftmaxCrossEntropyBackward(
        in CrossEntropyArguments a, Tensor probabilities, Tensor targets, Tensor dLoss, Tensor dLogits);
}

public static partial class Operations
{
    /// <summary>
    /// Cross entropy against soft targets (label smoothing and mixup are soft targets), averaged over the batch. Shape
    /// (1).
    /// </summary>
    public static Tensor SoftmaxCrossEntropy(this Tape tape, Tensor logits, Tensor targets) =>
        tape.SoftmaxCrossEntropy(logits, targets, new CrossEntropyArguments(1.0 / logits.Rows));

    /// <summary>Cross entropy, or divergence, against soft targets as <paramref name="a"/> says. Shape (1).</summary>
    public static Tensor SoftmaxCrossEntropy(this Tape tape, Tensor logits, Tensor targets, CrossEntropyArguments a)
    {
        if (!logits.Shape.SequenceEqual(targets.Shape))
            throw new ArgumentException($"logits {logits} and targets {targets} differ in shape");
        Tensor probabilities = tape.Output(false, logits.Shape);
        Tensor loss = tape.Output(logits.NeedsGradient, 1);
        tape.Backend.SoftmaxCrossEntropyForward(a, logits, targets, probabilities, loss);
        return tape.Record(
            "loss", loss, (a, logits, targets, probabilities, loss),
            static (tape, s) => tape.Backend.SoftmaxCrossEntropyBackward(
                s.a, s.probabilities, s.targets, s.loss.Gradient!, tape.Target(s.logits)!),
            [Tape.Exact(probabilities), Tape.Exact(targets)]);
    }
}
