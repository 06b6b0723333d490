namespace VisionMamba.Tensors;

// Shapes: logits, targets, probabilities (batch, classes); loss (1).

public abstract partial class Backend
{
    /// <summary>loss = -mean over the batch of sum_c targets_c log softmax(logits)_c; also writes the probabilities.</summary>
    public abstract void SoftmaxCrossEntropyForward(Tensor logits, Tensor targets, Tensor probabilities, Tensor loss);

    /// <summary>dLogits += dLoss (probabilities * sum(targets) - targets) / batch.</summary>
    public abstract void SoftmaxCrossEntropyBackward(
        Tensor probabilities, Tensor targets, Tensor dLoss, Tensor dLogits);
}

public static partial class Operations
{
    /// <summary>
    /// Cross entropy against soft targets (label smoothing and mixup are soft targets), averaged over the batch. Shape (1).
    /// </summary>
    public static Tensor SoftmaxCrossEntropy(this Tape tape, Tensor logits, Tensor targets)
    {
        if (!logits.Shape.SequenceEqual(targets.Shape))
            throw new ArgumentException($"logits {logits} and targets {targets} differ in shape");
        Tensor probabilities = tape.Output(false, logits.Shape);
        Tensor loss = tape.Output(logits.NeedsGradient, 1);
        tape.Backend.SoftmaxCrossEntropyForward(logits, targets, probabilities, loss);
        return tape.Record(
            "loss", loss,
            () => tape.Backend.SoftmaxCrossEntropyBackward(
                probabilities, targets, loss.Gradient!, tape.Target(logits)!),
            [probabilities]);
    }
}
