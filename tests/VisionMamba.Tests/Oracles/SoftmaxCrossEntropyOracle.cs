namespace VisionMamba.Tests.Oracles;

internal static class SoftmaxCrossEntropyOracle
{
    /// <summary>weight sum_c targets_c (log targets_c [divergence only] - log softmax(x / temperature)_c).</summary>
    public static Block Forward(Block logits, Block targets, double weight, double temperature, bool divergence)
    {
        var scaled = new Block([.. logits.Values.Select(x => x / temperature)], logits.Shape);
        double loss = Forward(scaled, targets)[0] * logits.Rows;
        if (divergence)
            loss += targets.Values.Sum(t => t * Math.Log(t));
        return new Block([loss * weight], 1);
    }

    /// <summary>-mean over the rows of sum_c targets_c (x_c - logsumexp(x)).</summary>
    public static Block Forward(Block logits, Block targets)
    {
        double total = 0;
        for (int r = 0; r < logits.Rows; r++)
        {
            double largest = double.NegativeInfinity, sum = 0;
            for (int c = 0; c < logits.Columns; c++)
                largest = Math.Max(largest, logits[r, c]);
            for (int c = 0; c < logits.Columns; c++)
                sum += Math.Exp(logits[r, c] - largest);
            for (int c = 0; c < logits.Columns; c++)
                total -= targets[r, c] * (logits[r, c] - largest - Math.Log(sum));
        }

        return new Block([total / logits.Rows], 1);
    }
}
