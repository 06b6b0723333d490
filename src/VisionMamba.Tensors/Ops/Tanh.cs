namespace VisionMamba.Tensors;

// Shapes: x and y alike.

public abstract partial class Backend
{
    /// <summary>y = tanh(x).</summary>
    public abstract void TanhForward(Tensor x, Tensor y);

    /// <summary>dX += dY (1 - y^2).</summary>
    public abstract void TanhBackward(Tensor y, Tensor dY, Tensor dX);
}

public static partial class Operations
{
    /// <summary>The hyperbolic tangent of every number.</summary>
    public static Tensor Tanh(this Tape tape, Tensor x)
    {
        Tensor y = tape.Output(x.NeedsGradient, x.Shape);
        tape.Backend.TanhForward(x, y);
        return tape.Record(
            "tanh", y, (x, y),
            static (tape, s) => tape.Backend.TanhBackward(s.y, s.y.Gradient!, tape.Target(s.x)!), [y]);
    }
}
