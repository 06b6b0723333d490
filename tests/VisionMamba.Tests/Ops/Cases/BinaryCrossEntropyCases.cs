using VisionMamba.Tensors;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

internal static partial class OpCases
{
    private static IEnumerable<OpCase> BinaryCrossEntropy()
    {
        yield return BinaryCrossEntropy(1, 2, 1);
        yield return BinaryCrossEntropy(3, 17, 4);
        yield return BinaryCrossEntropy(2, 40, 10);
    }

    private static OpCase BinaryCrossEntropy(int batch, int classes, double deviation)
    {
        string name = $"binary loss {batch}x{classes} of +-{deviation}";
        Block targets = Values.Normal(name + "/targets", 1, 0, batch, classes);
        for (int i = 0; i < targets.Count; i++)
            targets[i] = (float)(1 / (1 + Math.Exp(-targets[i])));
        return new OpCase(
            name,
            [
                Input(name, "logits", deviation, batch, classes),
                new OpInput("targets", targets, IsParameter: true, Differentiable: false),
            ],
            (tape, t) => [tape.BinaryCrossEntropy(t[0], t[1], 0.5 / classes)],
            v => [BinaryCrossEntropyOracle.Forward(v[0], v[1], 0.5 / classes)]);
    }
}
