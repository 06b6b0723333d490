using VisionMamba.Models;
using VisionMamba.Tensors;

namespace VisionMamba.Training.Optimizers;

/// <summary>The length of the whole gradient, and clipping by it.</summary>
public static class GradientNorm
{
    /// <summary>The Euclidean norm over all trainable parameters.</summary>
    public static double Of(Backend backend, ParameterSet parameters)
    {
        double sum = 0;
        foreach (Tensor parameter in parameters.Trainable)
        {
            if (parameter.Gradient is { } gradient)
                sum += backend.SumOfSquares(gradient);
        }

        return Math.Sqrt(sum);
    }

    /// <summary>Scales all gradients by limit / norm where norm exceeds <paramref name="limit"/> (PyTorch's clip_grad_norm_).</summary>
    public static void Clip(Backend backend, ParameterSet parameters, double norm, double limit)
    {
        double factor = limit / (norm + 1e-6);
        if (factor >= 1)
            return;
        foreach (Tensor parameter in parameters.Trainable)
        {
            if (parameter.Gradient is { } gradient)
                backend.Scale(gradient, (float)factor);
        }
    }
}
