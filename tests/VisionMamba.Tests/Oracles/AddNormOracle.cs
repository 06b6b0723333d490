using VisionMamba.Tensors;

namespace VisionMamba.Tests.Oracles;

internal static class AddNormOracle
{
    /// <summary>
    /// sum = residual + drop hidden; RMSNorm: y = sum / sqrt(mean(sum^2) + eps) w + b;
    /// LayerNorm: y = (sum - mean) / sqrt(variance + eps) w + b.
    /// </summary>
    public static (Block Y, Block Sum) Forward(
        NormKind kind, Block hidden, Block? residual, Block weight, Block? bias, double[]? drop, double epsilon)
    {
        var sum = new Block(hidden.Shape);
        var y = new Block(hidden.Shape);
        int length = hidden.Shape[1], columns = hidden.Columns;
        for (int r = 0; r < hidden.Rows; r++)
        {
            double mean = 0, variance = 0;
            for (int c = 0; c < columns; c++)
            {
                double scale = drop is null ? 1 : drop[r / length], before = residual is null ? 0 : residual[r, c];
                sum[r, c] = (scale * hidden[r, c]) + before;
                mean += sum[r, c] / columns;
            }

            if (kind == NormKind.RmsNorm)
                mean = 0;
            for (int c = 0; c < columns; c++)
                variance += Math.Pow(sum[r, c] - mean, 2) / columns;
            for (int c = 0; c < columns; c++)
            {
                double normed = (sum[r, c] - mean) / Math.Sqrt(variance + epsilon);
                y[r, c] = (normed * weight[c]) + (bias is null ? 0 : bias[c]);
            }
        }

        return (y, sum);
    }
}
