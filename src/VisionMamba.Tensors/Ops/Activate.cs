namespace VisionMamba.Tensors;

// Shapes: x, y (batch, length, width).

/// <summary>Inputs of <see cref="Operations.Activate"/>.</summary>
/// <param name="X">The values.</param>
/// <param name="Relu">Whether negative values become 0; else only the dropout acts.</param>
/// <param name="Dropout">Probability that an element is dropped, in [0, 1).</param>
/// <param name="Rng">Where the dropout's decisions come from.</param>
/// <param name="FirstImage">The first sample's place in its batch, where that is computed in pieces.</param>
public readonly record struct ActivateArguments(
    Tensor X, bool Relu, float Dropout, Rng Rng = default, int FirstImage = 0);

public abstract partial class Backend
{
    /// <summary>
    /// y = drop(relu(x)) or drop(x). The decision on element i of the batch is the generator's number i; the batch's
    /// first element here has the index FirstImage * (elements of a sample).
    /// </summary>
    public abstract void ActivateForward(in ActivateArguments a, Tensor y);

    /// <summary>dX += mask * dY, where with relu only x &gt; 0 passes.</summary>
    public abstract void ActivateBackward(in ActivateArguments a, Tensor dY, Tensor dX);
}

public static partial class Operations
{
    /// <summary>
    /// The middle of a bottleneck: y = drop(relu(x)) (adapters) or y = drop(x) (LoRA). x is returned as it is where
    /// neither acts.
    /// </summary>
    public static Tensor Activate(this Tape tape, ActivateArguments a)
    {
        if (!a.Relu && a.Dropout == 0)
            return a.X;
        Tensor y = tape.Output(a.X.NeedsGradient, a.X.Shape);
        tape.Backend.ActivateForward(a, y);
        return tape.Record(
            "activation", y, (a, y),
            static (tape, s) => tape.Backend.ActivateBackward(s.a, s.y.Gradient!, tape.Target(s.a.X)!),
            [a.Relu ? a.X : null]);
    }
}
