using VisionMamba.Gpu.Kernels;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu;

public partial class GpuBackend
{
    /// <inheritdoc/>
    public override void SoftmaxCrossEntropyForward(
        in CrossEntropyArguments a, Tensor logits, Tensor targets, Tensor probabilities, Tensor loss) =>
        Loss(LossKernels.SoftmaxForward, loss, Arguments(logits, targets, a.Weight) with
        {
            Y = View(probabilities),
            InverseTemperature = (float)(1 / a.Temperature),
            Divergence = a.Divergence ? 1 : 0,
        });

    /// <inheritdoc/>
    public override void SoftmaxCrossEntropyBackward(
        in CrossEntropyArguments a, Tensor probabilities, Tensor targets, Tensor dLoss, Tensor dLogits) => Launch(
        LossKernels.Configure(probabilities.Rows), LossKernels.SoftmaxBackward,
        Arguments(probabilities, targets, a.Weight) with
        {
            DLoss = View(dLoss),
            Y = View(dLogits),
            InverseTemperature = (float)(1 / a.Temperature),
        });

    /// <inheritdoc/>
    public override void BinaryCrossEntropyForward(double weight, Tensor logits, Tensor targets, Tensor loss) =>
        Loss(LossKernels.BinaryForward, loss, Arguments(logits, targets, weight));

    /// <inheritdoc/>
    public override void BinaryCrossEntropyBackward(
        double weight, Tensor logits, Tensor targets, Tensor dLoss, Tensor dLogits) => Launch(
        LossKernels.Configure(logits.Rows), LossKernels.BinaryBackward,
        Arguments(logits, targets, weight) with { DLoss = View(dLoss), Y = View(dLogits) });

    private void Loss(Action<LossArguments> kernel, Tensor loss, LossArguments a)
    {
        using GpuScratch parts = Scratch(2L * a.Rows);
        a.Parts = parts.View;
        Launch(LossKernels.Configure(a.Rows), kernel, a);
        Launch(LossKernels.Configure(1), LossKernels.AddRows, a with { Y = View(loss) });
    }

    private LossArguments Arguments(Tensor x, Tensor targets, double weight) => new()
    {
        X = View(x),
        Targets = View(targets),
        Rows = x.Rows,
        Classes = x.Columns,
        Weight = weight,
    };
}
