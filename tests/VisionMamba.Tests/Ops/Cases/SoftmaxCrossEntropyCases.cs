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
        yield return SoftmaxCrossEntropy(2, 7, 3, 0, new CrossEntropyArguments(0.3, Temperature: 4, Divergence: true));
    }

    /// <summary>Targets are positive and do not add up to 1.</summary>
    private static OpCase SoftmaxCrossEntropy(
        int batch, int classes, double deviation, double mean, CrossEntropyArguments? arguments = null)
    {
        CrossEntropyArguments a = arguments ?? new CrossEntropyArguments(1.0 / batch);
        string name = $"loss {batch}x{classes} of {mean}+-{deviation}{(a.Divergence ? " divergence" : "")}";
        Block targets = Values.Normal(name + "/targets", 1, 0, batch, classes);
        for (int i = 0; i < targets.Count; i++)
            targets[i] = (float)(Math.Abs(targets[i]) / classes);
        return new OpCase(
            name,
            [
                Input(name, "logits", deviation, mean, [batch, classes]),
                new OpInput("targets", targets, IsParameter: true, Differentiable: false),
            ],
            (tape, t) => [tape.SoftmaxCrossEntropy(t[0], t[1], a)],
            v => [SoftmaxCrossEntropyOracle.Forward(v[0], v[1], a.Weight, a.Temperature, a.Divergence)])
        {
            Rented = [batch * classes],
        };
    }
}
