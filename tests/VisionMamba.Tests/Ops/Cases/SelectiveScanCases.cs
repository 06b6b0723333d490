using VisionMamba.Tensors;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

internal static partial class OpCases
{
    private static readonly string[] Directions = ["forward ", "backward "];

    private static IEnumerable<OpCase> SelectiveScan()
    {
        yield return SelectiveScan(1, 1, 5, 1);
        yield return SelectiveScan(3, 2, 16, 3);
        yield return SelectiveScan(1, 3, 40, 16);
        yield return SelectiveScan(3, 5, 16, 17);
        yield return SelectiveScan(1, 8, 5, 3);
        yield return SelectiveScan(1, 9, 130, 3);
        yield return SelectiveScan(1, 16, 16, 16);
        yield return SelectiveScan(3, 17, 40, 3);
        yield return SelectiveScan(1, 33, 130, 17);
        yield return SelectiveScan(3, 33, 5, 16);
        yield return SelectiveScan(1, 257, 16, 3);
        yield return SelectiveScan(3, 257, 5, 1);
        // Whole groups of channels of a GPU's kernels.
        yield return SelectiveScan(2, 30, 64, 16);
        yield return SelectiveScan(1, 51, 128, 16);
        // Steps from e^-30 to 30, so that decays reach 0 and 1.
        yield return SelectiveScan(1, 17, 16, 16, deltaScale: 10);
        // Exponents below -126 in some blocks of steps and groups of channels, and in others none.
        yield return SelectiveScan(2, 40, 24, 5, deltaScale: 60);
    }

    /// <summary>Both directions, each with inputs of its own; 2 columns of Bc stand before B and C.</summary>
    private static OpCase SelectiveScan(int batch, int length, int inner, int state, double deltaScale = 1)
    {
        const int Rank = 2;
        const float Scale = 0.5f;
        string name = $"scan {batch}x{length}x{inner} states {state} steps {deltaScale}";
        List<OpInput> inputs = [Input(name, "xz", 1.5, batch, length, 2 * inner)];
        foreach (string direction in Directions)
        {
            inputs.Add(Input(name, direction + "u", 1, batch, length, inner));
            inputs.Add(Input(name, direction + "delta", deltaScale, batch, length, inner));
            inputs.Add(Input(name, direction + "bc", 1, batch, length, Rank + (2 * state)));
            // Another operation's result where a method adds states.
            inputs.Add(Input(name, direction + "aLog", 0.8, -0.5, [inner, state]));
            inputs.Add(Parameter(name, direction + "d", 1, inner));
            inputs.Add(Parameter(name, direction + "deltaBias", 1, -1, [inner]));
        }

        return new OpCase(
            name,
            [.. inputs],
            (tape, t) =>
            {
                Tensor y = tape.SelectiveScan(
                    t[0], new ScanDirection(t[1], t[2], t[3], t[4], t[5], t[6], false), Scale);
                return [tape.SelectiveScan(
                    t[0], new ScanDirection(t[7], t[8], t[9], t[10], t[11], t[12], true), Scale, before: y)];
            },
            v => [SelectiveScanOracle.Forward(
                v[0], new ScanInputs(v[1], v[2], v[3], v[4], v[5], v[6], false),
                new ScanInputs(v[7], v[8], v[9], v[10], v[11], v[12], true), Scale)]);
    }
}
