namespace VisionMamba.Tests.Oracles;

internal static class LinearOracle
{
    /// <summary>y_rn = bias_n + sum over the weight's k columns of x_rk w_nk.</summary>
    public static Block Forward(Block x, Block weight, Block? bias)
    {
        int outputs = weight.Shape[0], inputs = weight.Count / outputs;
        var y = new Block([.. x.Shape[..^1], outputs]);
        for (int r = 0; r < x.Rows; r++)
        {
            for (int n = 0; n < outputs; n++)
            {
                double sum = bias is null ? 0 : bias[n];
                for (int k = 0; k < inputs; k++)
                    sum += x[r, k] * weight[(n * inputs) + k];
                y[r, n] = sum;
            }
        }

        return y;
    }
}
