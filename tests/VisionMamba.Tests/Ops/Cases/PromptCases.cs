using VisionMamba.Tensors;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

internal static partial class OpCases
{
    private static IEnumerable<OpCase> Prompts()
    {
        yield return Arrange("insert one", 1, 1, 5, 1, [~0, 0]);
        yield return Arrange("insert among", 3, 9, 16, 3, [0, 1, 2, ~1, 3, ~0, 4, 5, 6, 7, 8, ~2]);
        yield return Arrange("replace", 3, 5, 40, 2, [0, ~1, 2, ~0, 4]);
        yield return Arrange("clear", 2, 4, 17, 0, [0, TokenOrder.Zero, 2, TokenOrder.Zero]);
        yield return Arrange("remove and turn", 3, 6, 130, 0, [5, 3, 1]);
        yield return Arrange("around", 2, 257, 40, 6, [~0, ~1, ~2, .. Enumerable.Range(0, 257), ~5, ~4, ~3]);
        yield return Pixels(1, 1, 1, [0]);
        yield return Pixels(3, 3, 8, [0, 7, 8, 64, 100, 191]);
        yield return Pixels(2, 2, 33, [.. Enumerable.Range(0, 2 * 33 * 33).Where(i => i % 3 == 0)]);
        foreach (int count in (int[])[1, 17, 130])
        {
            string name = $"tanh of 3x{count}";
            yield return new OpCase(
                name, [Input(name, "x", 1, 3, count)], (tape, t) => [tape.Tanh(t[0])], v => [PromptOracles.Tanh(v[0])]);
        }
    }

    private static OpCase Arrange(string what, int batch, int length, int dim, int learned, int[] from)
    {
        string name = $"{what}: {learned} learned and {batch}x{length}x{dim}";
        var order = new TokenOrder(from);
        (bool, int)?[] sources =
            [.. from.Select(i => i == TokenOrder.Zero ? ((bool, int)?)null : i < 0 ? (true, -1 - i) : (false, i))];
        OpInput x = Input(name, "x", 1, batch, length, dim);
        return new OpCase(
            name, learned == 0 ? [x] : [x, Parameter(name, "learned", 1, 1, learned, dim)],
            (tape, t) => [tape.ArrangeTokens(new ArrangeTokensArguments(t[0], t.ElementAtOrDefault(1), order))],
            v => [PromptOracles.Arrange(v[0], v.ElementAtOrDefault(1), sources)]);
    }

    private static OpCase Pixels(int batch, int channels, int side, int[] at)
    {
        string name = $"{at.Length} pixels of {batch}x{channels}x{side}x{side}";
        return new OpCase(
            name, [Input(name, "image", 1, batch, channels, side, side), Parameter(name, "prompt", 1, 1, at.Length)],
            (tape, t) => [tape.PixelPrompt(t[0], t[1], at)],
            v => [PromptOracles.AddPixels(v[0], v[1], at)]);
    }
}
