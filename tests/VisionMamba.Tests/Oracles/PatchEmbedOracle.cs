namespace VisionMamba.Tests.Oracles;

internal static class PatchEmbedOracle
{
    /// <summary>A strided convolution without padding, its places in reading order as tokens.</summary>
    public static Block Forward(Block image, Block weight, Block? bias, int stride)
    {
        int dim = weight.Shape[0], channels = weight.Shape[1], patch = weight.Shape[2];
        int rows = ((image.Shape[2] - patch) / stride) + 1, columns = ((image.Shape[3] - patch) / stride) + 1;
        var y = new Block(image.Shape[0], rows * columns, dim);
        for (int sample = 0; sample < image.Shape[0]; sample++)
        {
            for (int token = 0; token < rows * columns; token++)
            {
                int top = token / columns * stride, left = token % columns * stride;
                for (int n = 0; n < dim; n++)
                {
                    double sum = bias is null ? 0 : bias[n];
                    for (int i = 0; i < channels * patch * patch; i++)
                    {
                        int channel = i / (patch * patch), line = i / patch % patch, column = i % patch;
                        sum += weight[n, channel, line, column] * image[sample, channel, top + line, left + column];
                    }

                    y[sample, token, n] = sum;
                }
            }
        }

        return y;
    }
}
