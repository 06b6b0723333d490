using VisionMamba.Tensors;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

internal static partial class OpCases
{
    private static IEnumerable<OpCase> Linear()
    {
        foreach ((int batch, int length, int columns, int used, int outputs) in
            ((int, int, int, int, int)[])
            [
                (1, 1, 5, 5, 3), (3, 2, 1, 1, 1), (1, 8, 16, 16, 40), (3, 17, 40, 40, 130), (1, 257, 16, 16, 40),
                (3, 33, 130, 130, 5), (3, 9, 40, 7, 16), (1, 5, 37, 5, 130), (1, 3, 1030, 1030, 5), (3, 257, 5, 5, 16),
            ])
        {
            foreach (bool bias in (bool[])[false, true])
                yield return Linear(batch, length, columns, used, outputs, bias);
        }
    }

    private static OpCase Linear(int batch, int length, int columns, int used, int outputs, bool bias)
    {
        string name = $"linear {batch}x{length}x{columns}[:{used}] to {outputs}{(bias ? " + bias" : "")}";
        OpInput x = Input(name, "x", 1, batch, length, columns), w = Parameter(name, "weight", 0.5, outputs, used);
        return new OpCase(
            name,
            bias ? [x, w, Parameter(name, "bias", 1, outputs)] : [x, w],
            (tape, t) => [tape.Linear(t[0], t[1], bias ? t[2] : null)],
            v => [LinearOracle.Forward(v[0], v[1], bias ? v[2] : null)]);
    }
}
