namespace VisionMamba.Tensors;

// Shapes: x (batch, length, dim); y (batch, count, dim) = x[:, start : start+count].

public abstract partial class Backend
{
    /// <summary>Copies (or adds) <paramref name="count"/> tokens of every sample from one place to another.</summary>
    public abstract void CopyTokens(Tensor from, int fromStart, Tensor to, int toStart, int count, bool accumulate);
}

public static partial class Operations
{
    /// <summary>The tokens start .. start+count-1 of every sample, as (batch, count, dim).</summary>
    public static Tensor SliceTokens(this Tape tape, Tensor x, int start, int count)
    {
        Tensor y = tape.Output(x.NeedsGradient, x.Shape[0], count, x.Columns);
        tape.Backend.CopyTokens(x, start, y, 0, count, accumulate: false);
        return tape.Record(
            "slice", y, (x, start, count, y),
            static (tape, s) => tape.Backend.CopyTokens(
                s.y.Gradient!, 0, tape.Target(s.x)!, s.start, s.count, accumulate: true),
            []);
    }

    /// <summary>One token of every sample, as (batch, 1, dim).</summary>
    public static Tensor PickToken(this Tape tape, Tensor x, int index)
    {
        Tensor y = tape.Output(x.NeedsGradient, x.Shape[0], 1, x.Columns);
        tape.Backend.CopyTokens(x, index, y, 0, 1, accumulate: false);
        return tape.Record(
            "pick", y, (x, index, y),
            static (tape, s) => tape.Backend.CopyTokens(
                s.y.Gradient!, 0, tape.Target(s.x)!, s.index, 1, accumulate: true),
            []);
    }

    /// <summary>The parts' tokens one after the other, as (batch, sum of lengths, dim).</summary>
    public static Tensor ConcatTokens(this Tape tape, params ReadOnlySpan<Tensor> parts)
    {
        bool needsGradient = false;
        int length = 0;
        foreach (Tensor part in parts)
        {
            needsGradient |= part.NeedsGradient;
            length += part.Shape[1];
        }

        Tensor y = tape.Output(needsGradient, parts[0].Shape[0], length, parts[0].Columns);
        int start = 0;
        foreach (Tensor part in parts)
        {
            tape.Backend.CopyTokens(part, 0, y, start, part.Shape[1], accumulate: false);
            start += part.Shape[1];
        }

        return tape.Record(
            "concatenation", y, (y, parts: new Few<Tensor>(parts)),
            static (tape, s) => SplitGradient(tape, s.y.Gradient!, s.parts.Span), []);
    }

    private static void SplitGradient(Tape tape, Tensor dY, ReadOnlySpan<Tensor> parts)
    {
        int start = 0;
        foreach (Tensor part in parts)
        {
            if (tape.Target(part) is { } target)
                tape.Backend.CopyTokens(dY, start, target, 0, part.Shape[1], accumulate: true);
            start += part.Shape[1];
        }
    }
}
