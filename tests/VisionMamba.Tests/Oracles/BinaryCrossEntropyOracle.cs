namespace VisionMamba.Tests.Oracles;

internal static class BinaryCrossEntropyOracle
{
    /// <summary>-weight sum of t log sigmoid(x) + (1 - t) log(1 - sigmoid(x)).</summary>
    public static Block Forward(Block logits, Block targets, double weight)
    {
        double total = 0;
        for (int i = 0; i < logits.Count; i++)
        {
            double x = logits.Values[i], t = targets.Values[i];
            total += (t * Math.Log(1 + Math.Exp(-x))) + ((1 - t) * (x + Math.Log(1 + Math.Exp(-x))));
        }

        return new Block([total * weight], 1);
    }
}
