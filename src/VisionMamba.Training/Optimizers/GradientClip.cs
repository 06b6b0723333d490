using VisionMamba.Models;
using VisionMamba.Tensors;

namespace VisionMamba.Training.Optimizers;

/// <summary>The length of the whole gradient, and timm's three ways of clipping.</summary>
public static class GradientClip
{
    /// <summary>The names of the ways.</summary>
    public static IReadOnlyList<string> Modes { get; } = ["norm", "value", "agc"];

    /// <summary>The Euclidean norm over all trainable parameters.</summary>
    public static double Norm(Backend backend, ParameterSet parameters) =>
        Math.Sqrt(backend.SumOfSquares(parameters.Gradients));

    /// <summary>
    /// Clips by <paramref name="mode"/>: the whole gradient's <paramref name="norm"/> (PyTorch's clip_grad_norm_), each
    /// value (clip_grad_value_), or each unit's norm against its weights' (timm's adaptive clipping, which spares the
    /// head).
    /// </summary>
    public static void Clip(Backend backend, ParameterSet parameters, string mode, double norm, double limit)
    {
        double factor = limit / (norm + 1e-6);
        if (mode == "norm" && factor >= 1)
            return;
        // By index: the list's enumerator would be an object for the garbage collector.
        for (int i = 0; i < parameters.All.Count; i++)
        {
            Tensor parameter = parameters.All[i];
            if (parameter is not { NeedsGradient: true, Gradient: { } gradient })
                continue;
            if (mode == "norm")
                backend.Scale(gradient, (float)factor);
            else if (mode == "value")
                backend.Clamp(gradient, (float)limit);
            else if (!ParameterGroups.IsHead(parameter.Name!))
                backend.ClipByUnit(gradient, parameter, limit, epsilon: 1e-3);
        }
    }
}
