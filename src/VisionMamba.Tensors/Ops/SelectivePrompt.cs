namespace VisionMamba.Tensors;

// Shapes: x, cross, inner, y (batch, length, dim); alpha, beta: one row (dim) of a (rows, dim) tensor.

/// <summary>Inputs of <see cref="Operations.SelectivePrompt"/>.</summary>
/// <param name="X">The tokens.</param>
/// <param name="Cross">The cross prompt before SiLU, or null.</param>
/// <param name="Inner">The inner prompt before SiLU, or null.</param>
/// <param name="Alpha">Scales of the cross prompts, (groups, dim).</param>
/// <param name="AlphaRow">Which row of <paramref name="Alpha"/>.</param>
/// <param name="Beta">Scales of the inner prompts, (depth, dim).</param>
/// <param name="BetaRow">Which row of <paramref name="Beta"/>.</param>
/// <param name="ClassToken">Index of the token that gets no prompt; -1 when all do.</param>
/// <param name="Dropout">Probability that a prompt's element is dropped, in [0, 1).</param>
/// <param name="Rng">Where the dropout's decisions come from.</param>
/// <param name="FirstImage">The first sample's place in its batch, where that is computed in pieces.</param>
public readonly record struct SelectivePromptArguments(
    Tensor X, Tensor? Cross, Tensor? Inner, Tensor? Alpha, int AlphaRow, Tensor? Beta, int BetaRow,
    int ClassToken, float Dropout, Rng Rng, int FirstImage = 0);

public abstract partial class Backend
{
    /// <summary>
    /// y = x + alpha * drop(silu(cross)) + beta * drop(silu(inner)), except at the class token, where y = x.
    /// </summary>
    public abstract void SelectivePromptForward(in SelectivePromptArguments a, Tensor y);

    /// <summary>
    /// Adds the gradients of all five inputs; dAlpha and dBeta are whole (rows, dim) tensors. dCross and dInner may be
    /// blank.
    /// </summary>
    public abstract void SelectivePromptBackward(
        in SelectivePromptArguments a, Tensor dY,
        Tensor? dX, Tensor? dCross, Tensor? dInner, Tensor? dAlpha, Tensor? dBeta);
}

public static partial class Operations
{
    /// <summary>
    /// Adds the selective visual prompts to every token but the class token (SVP, arXiv 2412.08947, section "Selective
    /// visual prompting"): y = x + alpha * drop(silu(cross)) + beta * drop(silu(inner)).
    /// </summary>
    public static Tensor SelectivePrompt(this Tape tape, SelectivePromptArguments a)
    {
        bool needsGradient = a.X.NeedsGradient
            || a.Cross is { NeedsGradient: true } || a.Inner is { NeedsGradient: true }
            || a.Alpha is { NeedsGradient: true } || a.Beta is { NeedsGradient: true };
        Tensor y = tape.Output(needsGradient, a.X.Shape);
        tape.Backend.SelectivePromptForward(a, y);
        return tape.Record(
            "selective prompt", y, (a, y),
            static (tape, s) => tape.Backend.SelectivePromptBackward(
                s.a, s.y.Gradient!, tape.Target(s.a.X),
                tape.Target(s.a.Cross, blank: true), tape.Target(s.a.Inner, blank: true),
                tape.Target(s.a.Alpha), tape.Target(s.a.Beta)),
            [a.Cross, a.Inner]);
    }
}
