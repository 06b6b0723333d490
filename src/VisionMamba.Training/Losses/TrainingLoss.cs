using VisionMamba.Models;
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
    /// <param name="targets">n * classes numbers: distributions over the classes.</param>
    /// <param name="teacher">The teacher's logits, n * classes numbers; null without a teacher.</param>
    /// <param name="batch">Images of the whole batch.</param>
    public LossParts Of(Tape tape, Tensor logits, ReadOnlySpan<float> targets, float[]? teacher, int batch)
    {
        double alpha = _distils ? options.DistillationAlpha : 0;
        int classes = logits.Columns;
        Tensor own = options.BceLoss
            ? tape.BinaryCrossEntropy(
                logits, tape.Input(Present(targets), logits.Shape), (1 - alpha) / ((double)batch * classes))
            : tape.SoftmaxCrossEntropy(
                logits, tape.Input(targets, logits.Shape), new CrossEntropyArguments((1 - alpha) / batch));
        if (!_distils)
            return new LossParts(own);
        double tau = options.DistillationTau;
        Tensor distilled = options.Distillation == "hard"
            ? tape.SoftmaxCrossEntropy(
                logits, tape.Input(SoftTargets.Largest(teacher, classes)), new CrossEntropyArguments(alpha / batch))
            : tape.SoftmaxCrossEntropy(
                logits, tape.Input(SoftTargets.Softmax(teacher, classes, tau)),
                new CrossEntropyArguments(alpha * tau * tau / ((double)batch * classes), tau, Divergence: true));
        return new LossParts(own, distilled);
    }

    /// <summary>1 for every class that has a share of the picture (DeiT: targets.gt(0)).</summary>
    private static float[] Present(ReadOnlySpan<float> targets)
    {
        float[] present = new float[targets.Length];
        for (int i = 0; i < targets.Length; i++)
            present[i] = targets[i] > 0 ? 1 : 0;
        return present;
    }
}
