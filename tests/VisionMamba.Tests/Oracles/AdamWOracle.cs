namespace VisionMamba.Tests.Oracles;

/// <summary>
/// torch.optim.AdamW with its defaults (no amsgrad, not fused), in double: the weight decays first, and the second
/// moment's correction is applied to its square root before epsilon is added.
/// </summary>
internal sealed class AdamWOracle(
    double[] weight, double learningRate, double decay, double beta1, double beta2, double epsilon)
{
    private int _step;

    public double[] Weight { get; } = weight;

    public double[] Moment1 { get; } = new double[weight.Length];

    public double[] Moment2 { get; } = new double[weight.Length];

    public void Step(float[] gradient)
    {
        _step++;
        double correction1 = 1 - Math.Pow(beta1, _step), correction2 = 1 - Math.Pow(beta2, _step);
        for (int i = 0; i < Weight.Length; i++)
        {
            double g = gradient[i];
            Weight[i] *= 1 - (learningRate * decay);
            Moment1[i] += (1 - beta1) * (g - Moment1[i]);
            Moment2[i] = (beta2 * Moment2[i]) + ((1 - beta2) * g * g);
            double denominator = (Math.Sqrt(Moment2[i]) / Math.Sqrt(correction2)) + epsilon;
            Weight[i] -= learningRate / correction1 * (Moment1[i] / denominator);
        }
    }
}
