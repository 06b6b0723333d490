using VisionMamba.Tensors;

namespace VisionMamba.Training.Losses;

/// <summary>
/// What a run minimises: cross entropy with soft targets or, for <c>--bce-loss</c>, every class as a question of its
/// own; with a teacher, (1 - alpha) of that plus alpha of DeiT's distillation loss (arXiv 2012.12877, section 4) on the
/// same logits: soft, tau^2 KL(softmax(teacher / tau) || softmax(logits / tau)) / classes, or hard, cross entropy
/// against the teacher's answer. Everything is a mean over the batch.
/// </summary>
public sealed class TrainingLoss(TrainingOptions options)
{
    private readonly bool _distils = options.Distillation != "none";

    /// <summary>The label smoothing that acts: with questions per class a class is there or not, as in DeiT.</summary>
    public static double Smoothing(TrainingOptions options) => options.BceLoss ? 0 : options.LabelSmoothing;

    /// <summary>
    /// The parts of the loss of some images of a batch; their sums over all images of it are the loss.
    /// </summary>
    /// <param name="tape">The tape.</param>
    /// <param name="logits">(n, 1, classes).</param>
    /// <param name="targets">(n, 1, classes): distributions over the classes.</param>
    /// <param name="teacher">The teacher's logits, n * classes numbers; null without a teacher.</param>
    /// <param name="batch">Images of the whole batch.</param>
    public Tensor[] Of(Tape tape, Tensor logits, Tensor targets, float[]? teacher, int batch)
    {
        double alpha = _distils ? options.DistillationAlpha : 0;
        int classes = logits.Columns;
        Tensor own = options.BceLoss
            ? tape.BinaryCrossEntropy(logits, Present(targets), (1 - alpha) / ((double)batch * classes))
            : tape.SoftmaxCrossEntropy(logits, targets, new CrossEntropyArguments((1 - alpha) / batch));
        if (!_distils)
            return [own];
        double tau = options.DistillationTau;
        Tensor distilled = options.Distillation == "hard"
            ? tape.SoftmaxCrossEntropy(
                logits, SoftTargets.Largest(teacher, classes), new CrossEntropyArguments(alpha / batch))
            : tape.SoftmaxCrossEntropy(
                logits, SoftTargets.Softmax(teacher, classes, tau),
                new CrossEntropyArguments(alpha * tau * tau / ((double)batch * classes), tau, Divergence: true));
        return [own, distilled];
    }

    /// <summary>1 for every class that has a share of the picture (DeiT: targets.gt(0)).</summary>
    private static Tensor Present(Tensor targets)
    {
        var present = new Tensor(targets.Shape);
        for (int i = 0; i < targets.Count; i++)
            present.Span[i] = targets.Span[i] > 0 ? 1 : 0;
        return present;
    }
}
