namespace VisionMamba.Tensors;

// Shapes: patches (batch, m, dim); classToken (1, 1, dim); positions (1, m+1, dim) or null; y (batch, m+1, dim).

public abstract partial class Backend
{
    /// <summary>y = patches with the class token inserted at <paramref name="at"/>, plus positions.</summary>
    public abstract void InsertClassTokenForward(
        Tensor patches, Tensor classToken, Tensor? positions, int at, Tensor y);

    /// <summary>Adds dY to each input it came from.</summary>
    public abstract void InsertClassTokenBackward(
        Tensor dY, int at, Tensor? dPatches, Tensor? dClassToken, Tensor? dPositions);
}

public static partial class Operations
{
    /// <summary>
    /// Puts the class token among the patches at index <paramref name="at"/> (Vim: in the middle, m / 2) and adds the
    /// position embeddings. Returns (batch, m+1, dim).
    /// </summary>
    public static Tensor InsertClassToken(
        this Tape tape, Tensor patches, Tensor classToken, Tensor? positions, int at)
    {
        bool needsGradient = patches.NeedsGradient || classToken.NeedsGradient || positions is { NeedsGradient: true };
        Tensor y = tape.Output(needsGradient, patches.Shape[0], patches.Shape[1] + 1, patches.Columns);
        tape.Backend.InsertClassTokenForward(patches, classToken, positions, at, y);
        return tape.Record(
            "class token", y, (patches, classToken, positions, at, y),
            static (tape, s) => tape.Backend.InsertClassTokenBackward(
                s.y.Gradient!, s.at, tape.Target(s.patches), tape.Target(s.classToken), tape.Target(s.positions)),
            []);
    }
}
