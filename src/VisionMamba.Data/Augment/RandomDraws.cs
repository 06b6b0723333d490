using VisionMamba.Tensors;

namespace VisionMamba.Data.Augment;

/// <summary>
/// Reads a counter-based generator one value after the other, for choices whose number depends on earlier ones.
/// </summary>
internal sealed class RandomDraws(Rng rng)
{
    private ulong _next;

    /// <summary>In [0, 1), with 53 random bits.</summary>
    public double Uniform()
    {
        ulong high = rng.Bits(_next++) >> 5, low = rng.Bits(_next++) >> 6;
        return ((high << 26) | low) * (1.0 / (1UL << 53));
    }

    /// <summary>In [low, high).</summary>
    public double Between(double low, double high) => low + (high - low) * Uniform();

    /// <summary>An integer in [0, limit).</summary>
    public int Below(int limit) => rng.Below(_next++, limit);

    /// <summary>True with the given probability.</summary>
    public bool Chance(double probability) => Uniform() < probability;

    /// <summary>Standard normal (Box and Muller).</summary>
    public double Normal() => Math.Sqrt(-2 * Math.Log(1 - Uniform())) * Math.Cos(2 * Math.PI * Uniform());

    /// <summary>
    /// Beta(alpha, alpha) as X / (X + Y) of two gamma variates, by logarithms so that a small alpha gives no 0 / 0.
    /// </summary>
    public double Beta(double alpha) => 1 / (1 + Math.Exp(LogGamma(alpha) - LogGamma(alpha)));

    /// <summary>A point of the simplex, Dirichlet(alpha, ..., alpha).</summary>
    public double[] Dirichlet(double alpha, int count)
    {
        double[] logs = [.. Enumerable.Range(0, count).Select(_ => LogGamma(alpha))];
        double most = logs.Max(), sum = logs.Sum(value => Math.Exp(value - most));
        return [.. logs.Select(value => Math.Exp(value - most) / sum)];
    }

    /// <summary>The indices 0 .. count-1 in random order (Fisher and Yates).</summary>
    public int[] Permutation(int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        for (int i = count - 1; i > 0; i--)
        {
            int j = Below(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }

    // The logarithm of a Gamma(shape, 1) variate: Marsaglia and Tsang (ACM TOMS 26, 2000); a shape below 1 is raised by
    // one and the variate multiplied by U^(1 / shape).
    private double LogGamma(double shape)
    {
        if (shape < 1)
            return LogGamma(shape + 1) + Math.Log(1 - Uniform()) / shape;
        double d = shape - 1.0 / 3, c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = Normal(), v = 1 + c * x;
            if (v <= 0)
                continue;
            v = v * v * v;
            if (Math.Log(1 - Uniform()) < 0.5 * x * x + d - d * v + d * Math.Log(v))
                return Math.Log(d * v);
        }
    }
}
