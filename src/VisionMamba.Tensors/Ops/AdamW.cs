namespace VisionMamba.Tensors;

/// <summary>The numbers of one AdamW step.</summary>
/// <param name="LearningRate">Learning rate.</param>
/// <param name="WeightDecay">Decoupled weight decay.</param>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Epsilon">Added to the square root.</param>
/// <param name="Step">1 for the first step.</param>
public readonly record struct AdamWArguments(
    double LearningRate, double WeightDecay, double Beta1, double Beta2, double Epsilon, long Step);

public abstract partial class Backend
{
    /// <summary>
    /// One AdamW step (Loshchilov and Hutter 2019, algorithm 2; PyTorch's order of operations):
    /// w -= lr * decay * w; m, v are updated; w -= lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps).
    /// </summary>
    public abstract void AdamW(in AdamWArguments a, Tensor weight, Tensor gradient, Tensor moment1, Tensor moment2);
}
