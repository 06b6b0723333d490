using VisionMamba.Tensors;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

internal static partial class OpCases
{
    private static IEnumerable<OpCase> SoftmaxCrossEntropy()
    {
        yield return SoftmaxCrossEntropy(1, 2, 1, 0);
        yield return SoftmaxCrossEntropy(3, 5, 3, 0);
        yield return SoftmaxCrossEntropy(3, 130, 2, 100);
        yield return SoftmaxCrossEntropy(1, 40, 60, -500);
        yield return SoftmaxCrossEntropy(3, 16, 150, 0);
    }

    /// <summary>Targets are positive and do not add up to 1.</summary>
    private static OpCase SoftmaxCrossEntropy(int batch, int classes, double deviation, double mean)
    {
        string name = $"loss {batch}x{classes} of {mean}+-{deviation}";
        Block targets = Values.Normal(name + "/targets", 1, 0, batch, classes);
        for (int i = 0; i < targets.Count; i++)
            targets[i] = (float)(Math.Abs(targets[i]) / classes);
        return new OpCase(
            name,
            [
                Input(name, "logits", deviation, mean, [batch, classes]),
                new OpInput("targets", targets, IsParameter: true, Differentiable: false),
            ],
            (tape, t) => [tape.SoftmaxCrossEntropy(t[0], t[1])],
            v => [SoftmaxCrossEntropyOracle.Forward(v[0], v[1])])
        {
            Rented = [batch * classes],
        };
    }
}
