using VisionMamba.Tensors;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

internal static partial class OpCases
{
    private static IEnumerable<OpCase> Tokens()
    {
        foreach ((int batch, int patches, int dim, int at) in
            ((int, int, int, int)[])
            [(1, 1, 5, 0), (3, 2, 16, 1), (3, 8, 40, 8), (1, 9, 130, 4), (3, 256, 17, 128)])
        {
            yield return InsertClassToken(batch, patches, dim, at, positions: true);
            yield return InsertClassToken(batch, patches, dim, at, positions: false);
        }

        yield return Slice(1, 1, 5, 0, 1);
        yield return Slice(3, 9, 16, 2, 5);
        yield return Slice(3, 33, 130, 32, 1);
        yield return Slice(1, 257, 40, 0, 257);
        yield return Pick(1, 1, 5, 0);
        yield return Pick(3, 17, 40, 16);
        yield return Pick(3, 5, 130, 2);
        yield return Concat(1, 5, 1);
        yield return Concat(3, 17, 1, 8, 3);
        yield return Concat(3, 130, 2, 33);
    }

    private static OpCase InsertClassToken(int batch, int patches, int dim, int at, bool positions)
    {
        string name = $"class token at {at} of {batch}x{patches}x{dim}{(positions ? " + positions" : "")}";
        OpInput x = Input(name, "patches", 1, batch, patches, dim), token = Parameter(name, "classToken", 1, 1, 1, dim);
        return new OpCase(
            name,
            positions ? [x, token, Parameter(name, "positions", 1, 1, patches + 1, dim)] : [x, token],
            (tape, t) => [tape.InsertClassToken(t[0], t[1], positions ? t[2] : null, at)],
            v => [TokenOracles.InsertClassToken(v[0], v[1], positions ? v[2] : null, at)]);
    }

    private static OpCase Slice(int batch, int length, int dim, int start, int count)
    {
        string name = $"slice {start}+{count} of {batch}x{length}x{dim}";
        return new OpCase(
            name, [Input(name, "x", 1, batch, length, dim)],
            (tape, t) => [tape.SliceTokens(t[0], start, count)],
            v => [TokenOracles.Slice(v[0], start, count)]);
    }

    private static OpCase Pick(int batch, int length, int dim, int index)
    {
        string name = $"pick {index} of {batch}x{length}x{dim}";
        return new OpCase(
            name, [Input(name, "x", 1, batch, length, dim)],
            (tape, t) => [tape.PickToken(t[0], index)],
            v => [TokenOracles.Slice(v[0], index, 1)]);
    }

    private static OpCase Concat(int batch, int dim, params int[] lengths)
    {
        string name = $"concatenation of {batch}x({string.Join('+', lengths)})x{dim}";
        return new OpCase(
            name, [.. lengths.Select((length, i) => Input(name, $"part{i}", 1, batch, length, dim))],
            (tape, t) => [tape.ConcatTokens(t)],
            v => [TokenOracles.Concat(v)]);
    }
}
