using VisionMamba.Tensors;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

internal static partial class OpCases
{
    private static IEnumerable<OpCase> Columns()
    {
        foreach (bool recompute in (bool[])[false, true])
        {
            yield return AddColumns(1, 1, 5, 0, 5, recompute);
            yield return AddColumns(3, 9, 40, 17, 16, recompute);
            yield return AddColumns(1, 257, 33, 32, 1, recompute);
        }

        yield return ArrangeColumns(1, 1, 3, 1);
        yield return ArrangeColumns(3, 33, 16, 5);
        yield return ArrangeColumns(1, 257, 17, 16);
        yield return Relu(1, 1, 5);
        yield return Relu(3, 33, 17);
    }

    private static OpCase AddColumns(int batch, int length, int columns, int start, int count, bool recompute)
    {
        string name = $"add {count} from {start} to {batch}x{length}x{columns}{(recompute ? " again" : "")}";
        return new OpCase(
            name, [Input(name, "y", 1, batch, length, columns), Input(name, "x", 1, batch, length, count)],
            (tape, t) => [tape.AddColumns(t[0], t[1], start, 0.375f, recompute)],
            v => [ColumnOracles.Add(v[0], v[1], start, 0.375)]);
    }

    /// <summary>B and C with more states between them, as additional scans do; the first two columns stay.</summary>
    private static OpCase ArrangeColumns(int batch, int length, int state, int extra)
    {
        string name = $"columns {batch}x{length} of {state} and {extra}";
        return new OpCase(
            name,
            [Input(name, "bc", 1, batch, length, 2 + (2 * state)), Input(name, "more", 1, batch, length, 2 * extra)],
            (tape, t) => [tape.ArrangeColumns(
                new ColumnRange(t[0], 0, 2), new ColumnRange(t[1], 0, extra), new ColumnRange(t[0], 2, state),
                new ColumnRange(t[1], extra, extra), new ColumnRange(t[0], 2 + state, state))],
            v => [ColumnOracles.Arrange(
                (v[0], 0, 2), (v[1], 0, extra), (v[0], 2, state), (v[1], extra, extra), (v[0], 2 + state, state))]);
    }

    private static OpCase Relu(int batch, int length, int width)
    {
        string name = $"relu {batch}x{length}x{width}";
        return new OpCase(
            name, [Input(name, "x", 1, batch, length, width)],
            (tape, t) => [tape.Activate(new ActivateArguments(t[0], Relu: true, Dropout: 0))],
            v => [ColumnOracles.Relu(v[0])]);
    }
}
