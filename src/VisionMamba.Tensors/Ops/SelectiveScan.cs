namespace VisionMamba.Tensors;

// Shape legend
//   u      (batch, length, inner)        the convolution's output, or the first columns of a wider tensor
//   delta  (batch, length, inner)        step size before its bias and softplus
//   bc     (batch, length, rank+2*state) x_proj's output; B and C are its last 2*state columns
//   xz     (batch, length, 2*inner)      its second half z is the gate
//   aLog   (inner, state)  d, deltaBias (inner)      y (batch, length, inner)

/// <summary>One direction's inputs of <see cref="Operations.SelectiveScan"/>.</summary>
/// <param name="U">Input of the recurrence.</param>
/// <param name="Delta">Step size before bias and softplus.</param>
/// <param name="Bc">The tensor whose last 2*state columns are B and C.</param>
/// <param name="ALog">log(-A).</param>
/// <param name="D">Skip weight.</param>
/// <param name="DeltaBias">Bias of the step size.</param>
/// <param name="Reversed">Whether the recurrence runs from the last token to the first.</param>
public readonly record struct ScanDirection(
    Tensor U, Tensor Delta, Tensor Bc, Tensor ALog, Tensor D, Tensor DeltaBias, bool Reversed)
{
    /// <summary>
    /// What the forward pass leaves for the backward pass: <see cref="Backend.ScanNumbersKept"/> numbers; null where
    /// that is 0 or where there will be no backward pass.
    /// </summary>
    public Tensor? Kept { get; init; }
}

/// <summary>
/// Where one direction's gradients are added; null where nobody wants them. Those of U and Delta may be blank.
/// </summary>
public readonly record struct ScanGradients(
    Tensor? U, Tensor? Delta, Tensor? Bc, Tensor? Xz, Tensor? ALog, Tensor? D, Tensor? DeltaBias);

public abstract partial class Backend
{
    /// <summary>
    /// Whether y may be Delta's memory in the forward pass, and the gradients of U and Delta their own in the backward
    /// pass: each element is read before that place is written.
    /// </summary>
    public virtual bool ScansInPlace => false;

    /// <summary>y = scale * silu(z) * scan, or y += that when <paramref name="accumulate"/>.</summary>
    public abstract void SelectiveScanForward(in ScanDirection s, Tensor xz, float scale, bool accumulate, Tensor y);

    /// <summary>
    /// How many numbers the forward pass of a direction keeps for its backward pass; 0 where that runs the recurrence
    /// again from the beginning.
    /// </summary>
    public virtual long ScanNumbersKept(in ScanDirection s) => 0;

    /// <summary>Runs the recurrence again block by block and adds all gradients of one direction.</summary>
    public abstract void SelectiveScanBackward(
        in ScanDirection s, Tensor xz, float scale, Tensor dY, in ScanGradients gradients);
}

public static partial class Operations
{
    /// <summary>
    /// One direction of Vim's selective scan (arXiv 2401.09417, algorithm 1), fused with the gate:
    /// delta = softplus(delta + bias), h_t = exp(delta_t A) h_(t-1) + delta_t B_t u_t, s_t = C_t h_t + D u_t, and
    /// y = scale * silu(z) * s, added to the other direction's result <paramref name="before"/>, whose memory it takes.
    /// Nothing of size (batch, length, inner, state) is stored.
    /// </summary>
    public static Tensor SelectiveScan(
        this Tape tape, Tensor xz, ScanDirection s, float scale, Tensor? before = null)
    {
        bool needsGradient = xz.NeedsGradient || before is { NeedsGradient: true } || Needs(s);
        tape.ScanObserver?.Invoke(xz, s);
        bool recorded = needsGradient && tape.Recording;
        Tensor y = before is not null ? tape.OutputOver(before, needsGradient)
            : !recorded && tape.Backend.ScansInPlace && Tape.IsLastUse(s.Delta) ? tape.OutputOver(s.Delta, false)
            : tape.Output(needsGradient, s.Delta.Shape);
        ScanDirection kept = recorded ? Keeping(tape, s) : s;
        tape.Backend.SelectiveScanForward(kept, xz, scale, accumulate: before is not null, y);
        return tape.Record(
            "selective scan", y, (xz, direction: kept, scale, before, y),
            static (tape, s) =>
            {
                tape.Backend.SelectiveScanBackward(
                    s.direction, s.xz, s.scale, s.y.Gradient!, Targets(tape, s.direction, s.xz));
                if (s.before is { NeedsGradient: true })
                    Tape.ShareGradient(s.y, s.before);
            },
            [xz, s.U, Tape.Exact(s.Delta), Tape.Exact(s.Bc), Tape.Exact(s.ALog), Tape.Exact(kept.Kept)]);
    }

    private static ScanDirection Keeping(Tape tape, in ScanDirection s) =>
        tape.Backend.ScanNumbersKept(s) is var count and > 0
            ? s with { Kept = tape.Output(false, checked((int)count)) } : s;

    private static bool Needs(in ScanDirection s) =>
        s.U.NeedsGradient || s.Delta.NeedsGradient || s.Bc.NeedsGradient
        || s.ALog.NeedsGradient || s.D.NeedsGradient || s.DeltaBias.NeedsGradient;

    private static ScanGradients Targets(Tape tape, in ScanDirection s, Tensor xz)
    {
        bool over = tape.Backend.ScansInPlace;
        return new ScanGradients(
            tape.Target(s.U, blank: true, over), tape.Target(s.Delta, blank: true, over), tape.Target(s.Bc),
            tape.Target(xz), tape.Target(s.ALog), tape.Target(s.D), tape.Target(s.DeltaBias));
    }
}
