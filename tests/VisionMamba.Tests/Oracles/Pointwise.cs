namespace VisionMamba.Tests.Oracles;

/// <summary>The scalar functions inside the operations.</summary>
internal static class Pointwise
{
    public static double Sigmoid(double x) => x >= 0 ? 1 / (1 + Math.Exp(-x)) : Math.Exp(x) / (1 + Math.Exp(x));

    public static double Silu(double x) => x * Sigmoid(x);

    public static double SiluSlope(double x) => Sigmoid(x) * (1 + (x * (1 - Sigmoid(x))));

    /// <summary>log(1 + e^x).</summary>
    public static double Softplus(double x) => Math.Max(x, 0) + Log1p(Math.Exp(-Math.Abs(x)));

    /// <summary>log(1 + x), accurate for small x (Kahan's correction).</summary>
    public static double Log1p(double x)
    {
        double one = 1 + x;
        return one == 1 ? x : Math.Log(one) * x / (one - 1);
    }
}
