namespace VisionMamba.Training;

/// <summary>Counts of right and wrong answers over a data set.</summary>
public sealed class Metrics(int classes)
{
    // A table of all pairs would be a quarter of a gigabyte for INaturalist's 8,142 classes.
    private readonly Dictionary<(int Truth, int Answer), int> _wrong = [];
    private readonly int[] _seen = new int[classes], _right = new int[classes];
    private int _inTopFive;
    private double _loss;

    /// <summary>How many samples have been seen.</summary>
    public int Count { get; private set; }

    /// <summary>Share whose largest logit is the right class.</summary>
    public double Top1 => Count == 0 ? 0 : _right.Sum() / (double)Count;

    /// <summary>Share whose right class is among the five largest logits.</summary>
    public double Top5 => Count == 0 ? 0 : _inTopFive / (double)Count;

    /// <summary>Mean cross entropy without label smoothing.</summary>
    public double Loss => Count == 0 ? 0 : _loss / Count;

    /// <summary>How often samples of the first class were called the second.</summary>
    public int Confusion(int truth, int answer) =>
        truth == answer ? _right[truth] : _wrong.GetValueOrDefault((truth, answer));

    /// <summary>Share of the class' samples that were recognised; NaN for a class without samples.</summary>
    public double ClassAccuracy(int label) => _seen[label] == 0 ? double.NaN : _right[label] / (double)_seen[label];

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
        _seen[label]++;
        if (best == label)
            _right[label]++;
        else
            _wrong[(label, best)] = _wrong.GetValueOrDefault((label, best)) + 1;
        _inTopFive += above < 5 ? 1 : 0;
        Count++;
    }
}
