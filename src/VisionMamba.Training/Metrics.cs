namespace VisionMamba.Training;

/// <summary>Counts of right and wrong answers over a data set.</summary>
public sealed class Metrics(int classes)
{
    private readonly int[,] _confusion = new int[classes, classes];
    private int _inTopFive;
    private double _loss;

    /// <summary>How many samples have been seen.</summary>
    public int Count { get; private set; }

    /// <summary>Share whose largest logit is the right class.</summary>
    public double Top1 => Count == 0 ? 0 : Enumerable.Range(0, classes).Sum(c => _confusion[c, c]) / (double)Count;

    /// <summary>Share whose right class is among the five largest logits.</summary>
    public double Top5 => Count == 0 ? 0 : _inTopFive / (double)Count;

    /// <summary>Mean cross entropy without label smoothing.</summary>
    public double Loss => Count == 0 ? 0 : _loss / Count;

    /// <summary>How often samples of the first class were called the second.</summary>
    public int Confusion(int truth, int answer) => _confusion[truth, answer];

    /// <summary>Share of the class' samples that were recognised; NaN for a class without samples.</summary>
    public double ClassAccuracy(int label)
    {
        int total = Enumerable.Range(0, classes).Sum(answer => _confusion[label, answer]);
        return total == 0 ? double.NaN : _confusion[label, label] / (double)total;
    }

    /// <summary>
    /// Adds one sample. Equal logits count for the lower class index, as in PyTorch's topk on the CPU.
    /// </summary>
    public void Add(ReadOnlySpan<float> logits, int label)
    {
        int best = 0, above = 0;
        double largest = double.NegativeInfinity, sum = 0;
        for (int c = 0; c < classes; c++)
        {
            if (logits[c] > logits[best])
                best = c;
            if (logits[c] > logits[label] || (logits[c] == logits[label] && c < label))
                above++;
            largest = Math.Max(largest, logits[c]);
        }

        foreach (float logit in logits)
            sum += Math.Exp(logit - largest);
        _loss += Math.Log(sum) + largest - logits[label];
        _confusion[label, best]++;
        _inTopFive += above < 5 ? 1 : 0;
        Count++;
    }
}
