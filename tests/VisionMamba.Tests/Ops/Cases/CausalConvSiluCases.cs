using VisionMamba.Tensors;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

internal static partial class OpCases
{
    private static IEnumerable<OpCase> CausalConvSilu()
    {
        foreach ((int batch, int length, int inner, int width) in
            ((int, int, int, int)[])
            [
                (1, 1, 5, 4), (3, 2, 16, 4), (1, 3, 40, 4), (3, 5, 5, 1), (1, 8, 130, 2), (3, 9, 40, 7),
                (1, 16, 17, 3), (3, 33, 130, 4), (1, 257, 16, 4),
            ])
        {
            foreach (bool reversed in (bool[])[false, true])
                yield return CausalConvSilu(batch, length, inner, width, reversed);
        }
    }

    private static OpCase CausalConvSilu(int batch, int length, int inner, int width, bool reversed)
    {
        string name = $"convolution {batch}x{length}x{inner} width {width}{(reversed ? " reversed" : "")}";
        return new OpCase(
            name,
            [
                Input(name, "xz", 1.5, batch, length, 2 * inner), Parameter(name, "weight", 0.7, inner, 1, width),
                Parameter(name, "bias", 1, inner),
            ],
            (tape, t) => [tape.CausalConvSilu(t[0], t[1], t[2], reversed)],
            v => [CausalConvSiluOracle.Forward(v[0], v[1], v[2], reversed)]);
    }
}
