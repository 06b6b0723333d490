namespace VisionMamba.Tests.Oracles;

internal static class CausalConvSiluOracle
{
    /// <summary>
    /// Flips the tokens when reversed, pads width - 1 zeros in front, correlates every channel with its taps, adds the
    /// bias, applies SiLU, and flips back.
    /// </summary>
    public static Block Forward(Block xz, Block weight, Block bias, bool reversed)
    {
        int batch = xz.Shape[0], length = xz.Shape[1], inner = xz.Columns / 2, width = weight.Columns;
        var y = new Block(batch, length, inner);
        for (int s = 0; s < batch; s++)
        {
            for (int c = 0; c < inner; c++)
            {
                double[] padded = new double[length + width - 1];
                for (int t = 0; t < length; t++)
                    padded[t + width - 1] = xz[s, reversed ? length - 1 - t : t, c];
                for (int t = 0; t < length; t++)
                {
                    double sum = bias[c];
                    for (int k = 0; k < width; k++)
                        sum += weight[(c * width) + k] * padded[t + k];
                    y[s, reversed ? length - 1 - t : t, c] = Pointwise.Silu(sum);
                }
            }
        }

        return y;
    }
}
