namespace VisionMamba.Tensors;

// Shapes: x (.., k'), weight (n, k) with k <= k' (its dimensions after the first count as one), bias (n), y (.., n);
// rows = product of x's leading dimensions.

public abstract partial class Backend
{
    /// <summary>y = x[.., :k] weight^T + bias.</summary>
    public abstract void LinearForward(Tensor x, Tensor weight, Tensor? bias, Tensor y);

    /// <summary>
    /// dX[.., :k] += dY weight; dWeight += dY^T x[.., :k]; dBias += column sums of dY. dX may be blank where x has k
    /// columns.
    /// </summary>
    public abstract void LinearBackward(
        Tensor x, Tensor weight, Tensor dY, Tensor? dX, Tensor? dWeight, Tensor? dBias);
}

/// <summary>The operations that models are made of, each with its backward pass.</summary>
public static partial class Operations
{
    /// <summary>
    /// A linear layer: y = x weight^T + bias. <paramref name="x"/> is (.., k), <paramref name="weight"/> (n, k) and the
    /// result (.., n). Where x has more than k columns the first k are used (the step-size part of Mamba's x_proj).
    /// </summary>
    /// <param name="tape">The tape.</param>
    /// <param name="x">Input.</param>
    /// <param name="weight">Weight, as PyTorch stores it.</param>
    /// <param name="bias">Bias, or null.</param>
    /// <param name="recompute">
    /// Give the result's memory back after its use and compute it again for the backward pass.
    /// </param>
    public static Tensor Linear(this Tape tape, Tensor x, Tensor weight, Tensor? bias, bool recompute = false)
    {
        int outputs = weight.Shape[0];
        if (weight.Count / outputs > x.Columns)
            throw new ArgumentException($"a linear layer with weight {weight} cannot take {x}");
        bool needsGradient = x.NeedsGradient || weight.NeedsGradient || bias is { NeedsGradient: true };
        Tensor y = tape.OutputOfRows(needsGradient, x, outputs);
        tape.Backend.LinearForward(x, weight, bias, y);
        // x is kept only for the weight's gradient: a frozen layer stores nothing.
        bool keep = weight.NeedsGradient || recompute;
        return tape.Record(
            "linear", y, (x, weight, bias, y),
            static (tape, s) => tape.Backend.LinearBackward(
                s.x, s.weight, s.y.Gradient!, tape.Target(s.x, blank: s.weight.Count / s.y.Columns == s.x.Columns),
                tape.Target(s.weight), tape.Target(s.bias)),
            [keep ? x : null],
            recompute ? static (tape, s) => tape.Backend.LinearForward(s.x, s.weight, s.bias, s.y) : null);
    }
}
