using VisionMamba.Tensors;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

internal static partial class OpCases
{
    private const int PromptRows = 3;

    private static IEnumerable<OpCase> SelectivePrompt()
    {
        foreach ((int batch, int length, int dim, int classToken) in
            ((int, int, int, int)[])
            [(1, 1, 5, -1), (3, 2, 16, 0), (3, 9, 40, 4), (1, 33, 130, 32), (3, 257, 17, 128)])
        {
            yield return SelectivePrompt(batch, length, dim, classToken, cross: true, inner: true);
            yield return SelectivePrompt(batch, length, dim, classToken, cross: true, inner: false);
            yield return SelectivePrompt(batch, length, dim, classToken, cross: false, inner: true);
        }
    }

    private static OpCase SelectivePrompt(int batch, int length, int dim, int classToken, bool cross, bool inner)
    {
        string parts = (cross ? " cross" : "") + (inner ? " inner" : "");
        string name = $"prompt {batch}x{length}x{dim} without {classToken}{parts}";
        int[] shape = [batch, length, dim];
        List<OpInput> inputs = [Input(name, "x", 1, shape)];
        if (cross)
            inputs.AddRange([Input(name, "cross", 2, shape), Parameter(name, "alpha", 1, PromptRows, dim)]);
        int next = inputs.Count;
        if (inner)
            inputs.AddRange([Input(name, "inner", 2, shape), Parameter(name, "beta", 1, PromptRows, dim)]);
        return new OpCase(
            name,
            [.. inputs],
            (tape, t) => [tape.SelectivePrompt(new SelectivePromptArguments(
                t[0], cross ? t[1] : null, inner ? t[next] : null, cross ? t[2] : null, 1,
                inner ? t[next + 1] : null, 2, classToken, 0, default))],
            v => [SelectivePromptOracle.Forward(
                v[0], cross ? v[1] : null, inner ? v[next] : null, cross ? v[2] : null, 1,
                inner ? v[next + 1] : null, 2, classToken)]);
    }
}
