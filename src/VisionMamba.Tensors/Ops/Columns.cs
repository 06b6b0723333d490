namespace VisionMamba.Tensors;

// Shapes: every tensor is seen as (rows, columns); all of one operation have the same rows.

/// <summary>Some columns of a tensor that stand side by side.</summary>
/// <param name="Source">The tensor, (.., columns).</param>
/// <param name="Start">The first of its columns.</param>
/// <param name="Count">How many.</param>
public readonly record struct ColumnRange(Tensor Source, int Start, int Count);

public abstract partial class Backend
{
    /// <summary>
    /// Copies <paramref name="count"/> columns of every row of <paramref name="from"/> to a place in the same row of
    /// <paramref name="to"/>, or adds <paramref name="scale"/> times them there.
    /// </summary>
    public abstract void CopyColumns(
        Tensor from, int fromStart, Tensor to, int toStart, int count, bool accumulate, float scale = 1);
}

public static partial class Operations
{
    /// <summary>
    /// y, and scale * x added to its columns start .. start + (columns of x) - 1: what a low-rank or parallel branch
    /// adds to the whole of a projection or to a part of its outputs.
    /// </summary>
    /// <param name="tape">The tape.</param>
    /// <param name="y">What is added to, (.., columns).</param>
    /// <param name="x">What is added, (.., no more columns).</param>
    /// <param name="start">The first column of y that changes.</param>
    /// <param name="scale">Factor of x.</param>
    /// <param name="recompute">Give the sum's memory back after its use and add again for the backward pass.</param>
    public static Tensor AddColumns(
        this Tape tape, Tensor y, Tensor x, int start, float scale, bool recompute = false)
    {
        if (x.Rows != y.Rows || start < 0 || start + x.Columns > y.Columns)
            throw new ArgumentException($"{x} does not fit {y} from column {start}");
        Tensor sum = tape.Output(y.NeedsGradient || x.NeedsGradient, y.Shape);
        var columns = new AddedColumns(y, x, start, scale, sum);
        columns.Forward(tape);
        return tape.Record(
            "added columns", sum, columns, static (tape, s) => s.Backward(tape),
            recompute ? [y, x] : [],
            recompute ? static (tape, s) => s.Forward(tape) : null);
    }

    /// <summary>The columns of <paramref name="parts"/> side by side, shaped as the first part's source.</summary>
    public static Tensor ArrangeColumns(this Tape tape, params ReadOnlySpan<ColumnRange> parts)
    {
        Tensor first = parts[0].Source;
        bool needsGradient = false;
        int width = 0;
        foreach (ColumnRange part in parts)
        {
            needsGradient |= part.Source.NeedsGradient;
            width += part.Count;
            if (part.Source.Rows != first.Rows || part.Start < 0 || part.Start + part.Count > part.Source.Columns)
            {
                throw new ArgumentException(
                    $"{part.Source} has no {part.Count} columns from {part.Start} beside {first}");
            }
        }

        Tensor y = tape.OutputOfRows(needsGradient, first, width);
        int at = 0;
        foreach (ColumnRange part in parts)
        {
            tape.Backend.CopyColumns(part.Source, part.Start, y, at, part.Count, accumulate: false);
            at += part.Count;
        }

        return tape.Record(
            "columns", y, (y, parts: new Few<ColumnRange>(parts)),
            static (tape, s) => ReturnColumns(tape, s.y.Gradient!, s.parts.Span), []);
    }

    private readonly record struct AddedColumns(Tensor Y, Tensor X, int Start, float Scale, Tensor Sum)
    {
        public void Forward(Tape tape)
        {
            tape.Backend.CopyColumns(Y, 0, Sum, 0, Y.Columns, accumulate: false);
            tape.Backend.CopyColumns(X, 0, Sum, Start, X.Columns, accumulate: true, Scale);
        }

        public void Backward(Tape tape)
        {
            if (tape.Target(Y) is { } dY)
                tape.Backend.CopyColumns(Sum.Gradient!, 0, dY, 0, Y.Columns, accumulate: true);
            if (tape.Target(X) is { } dX)
                tape.Backend.CopyColumns(Sum.Gradient!, Start, dX, 0, X.Columns, accumulate: true, Scale);
        }
    }

    private static void ReturnColumns(Tape tape, Tensor dY, ReadOnlySpan<ColumnRange> parts)
    {
        int at = 0;
        foreach (ColumnRange part in parts)
        {
            if (tape.Target(part.Source) is { } target)
                tape.Backend.CopyColumns(dY, at, target, part.Start, part.Count, accumulate: true);
            at += part.Count;
        }
    }
}
