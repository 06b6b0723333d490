namespace VisionMamba.Tests.Oracles;

internal static class PromptOracles
{
    /// <summary>Token by token: one of x's, one of the learned, or zeros where the source is null.</summary>
    public static Block Arrange(Block x, Block? learned, (bool Learned, int Index)?[] from)
    {
        var y = new Block(x.Shape[0], from.Length, x.Columns);
        for (int sample = 0; sample < x.Shape[0]; sample++)
        {
            for (int t = 0; t < from.Length; t++)
            {
                for (int c = 0; c < x.Columns; c++)
                {
                    y[sample, t, c] = from[t] is not { } source ? 0
                        : source.Learned ? learned![source.Index, c] : x[sample, source.Index, c];
                }
            }
        }

        return y;
    }

    /// <summary>A picture of zeros but for the prompt, added to every image.</summary>
    public static Block AddPixels(Block image, Block prompt, int[] at)
    {
        int pixels = image.Count / image.Shape[0];
        double[] picture = new double[pixels];
        foreach ((int place, double value) in at.Zip(prompt.Values))
            picture[place] = value;
        return new Block([.. image.Values.Select((v, i) => v + picture[i % pixels])], image.Shape);
    }

    public static Block Tanh(Block x) => new([.. x.Values.Select(Math.Tanh)], x.Shape);
}
