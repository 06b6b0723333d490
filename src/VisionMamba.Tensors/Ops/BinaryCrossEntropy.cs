namespace VisionMamba.Tensors;

// Shapes: logits x and targets t (.., classes), t in [0, 1]; loss (1).

public abstract partial class Backend
{
    /// <summary>loss = -weight * sum of t log sigmoid(x) + (1 - t) log sigmoid(-x).</summary>
    public abstract void BinaryCrossEntropyForward(double weight, Tensor logits, Tensor targets, Tensor loss);

    /// <summary>dLogits += dLoss weight (sigmoid(x) - t).</summary>
    public abstract void BinaryCrossEntropyBackward(
        double weight, Tensor logits, Tensor targets, Tensor dLoss, Tensor dLogits);
}

public static partial class Operations
{
    /// <summary>
    /// Every class as a question of its own (PyTorch's BCEWithLogitsLoss): the sum over images and classes times
    /// <paramref name="weight"/>, 1 / (images * classes) for PyTorch's mean. Shape (1).
    /// </summary>
    public static Tensor BinaryCrossEntropy(this Tape tape, Tensor logits, Tensor targets, double weight)
    {
        if (!logits.Shape.SequenceEqual(targets.Shape))
            throw new ArgumentException($"logits {logits} and targets {targets} differ in shape");
        Tensor loss = tape.Output(logits.NeedsGradient, 1);
        tape.Backend.BinaryCrossEntropyForward(weight, logits, targets, loss);
        return tape.Record(
            "loss", loss, (weight, logits, targets, loss),
            static (tape, s) => tape.Backend.BinaryCrossEntropyBackward(
                s.weight, s.logits, s.targets, s.loss.Gradient!, tape.Target(s.logits)!),
            [Tape.Exact(logits), Tape.Exact(targets)]);
    }
}
