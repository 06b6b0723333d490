using VisionMamba.Tensors;

namespace VisionMamba.Training.Losses;

/// <summary>Targets as distributions over the classes.</summary>
public static class SoftTargets
{
    /// <summary>
    /// One-hot targets with label smoothing, (batch, 1, classes): 1 - s + s / classes at the label, s / classes
    /// elsewhere.
    /// </summary>
    public static Tensor Of(ReadOnlySpan<int> labels, int classes, double smoothing)
    {
        var targets = new Tensor(labels.Length, 1, classes);
        targets.Span.Fill((float)(smoothing / classes));
        for (int i = 0; i < labels.Length; i++)
            targets.Span[(i * classes) + labels[i]] = (float)(1 - smoothing + (smoothing / classes));
        return targets;
    }

    /// <summary>1 at the largest of each row's logits (the first of equals), 0 elsewhere.</summary>
    public static Tensor Largest(ReadOnlySpan<float> logits, int classes)
    {
        int[] labels = new int[logits.Length / classes];
        for (int i = 0; i < labels.Length; i++)
        {
            ReadOnlySpan<float> row = logits.Slice(i * classes, classes);
            for (int c = 1; c < classes; c++)
                labels[i] = row[c] > row[labels[i]] ? c : labels[i];
        }

        return Of(labels, classes, 0);
    }

    /// <summary>softmax(logits / temperature) of each row, (batch, 1, classes).</summary>
    public static Tensor Softmax(ReadOnlySpan<float> logits, int classes, double temperature)
    {
        var targets = new Tensor(logits.Length / classes, 1, classes);
        double[] row = new double[classes];
        for (int start = 0; start < logits.Length; start += classes)
        {
            Softmax(logits.Slice(start, classes), temperature, row);
            for (int c = 0; c < classes; c++)
                targets.Span[start + c] = (float)row[c];
        }

        return targets;
    }

    /// <summary>softmax(logits) of one image, (classes).</summary>
    public static double[] Probabilities(ReadOnlySpan<float> logits)
    {
        double[] p = new double[logits.Length];
        Softmax(logits, 1, p);
        return p;
    }

    private static void Softmax(ReadOnlySpan<float> logits, double temperature, Span<double> p)
    {
        double largest = double.NegativeInfinity, sum = 0;
        foreach (float logit in logits)
            largest = Math.Max(largest, logit);
        for (int c = 0; c < p.Length; c++)
            sum += p[c] = Math.Exp((logits[c] - largest) / temperature);
        for (int c = 0; c < p.Length; c++)
            p[c] /= sum;
    }
}
