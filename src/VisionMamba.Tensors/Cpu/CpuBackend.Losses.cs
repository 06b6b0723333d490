namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void SoftmaxCrossEntropyForward(
        in CrossEntropyArguments a, Tensor logits, Tensor targets, Tensor probabilities, Tensor loss)
    {
        int classes = logits.Columns;
        double total = 0;
        for (int row = 0; row < logits.Rows; row++)
        {
            ReadOnlySpan<float> x = logits.Span.Slice(row * classes, classes);
            ReadOnlySpan<float> target = targets.Span.Slice(row * classes, classes);
            Span<float> p = probabilities.Span.Slice(row * classes, classes);
            float largest = float.NegativeInfinity;
            foreach (float value in x)
                largest = MathF.Max(largest, value);
            double sum = 0;
            foreach (float value in x)
                sum += Math.Exp(((double)value - largest) / a.Temperature);
            double logSum = Math.Log(sum) + (largest / a.Temperature);
            for (int c = 0; c < classes; c++)
            {
                double log = (x[c] / a.Temperature) - logSum;
                p[c] = (float)Math.Exp(log);
                total -= target[c] * log;
                if (a.Divergence && target[c] > 0)
                    total += target[c] * Math.Log(target[c]);
            }
        }

        loss.Span[0] = (float)(total * a.Weight);
        Keep(logits, targets, probabilities, loss);
    }

    /// <inheritdoc/>
    public override void SoftmaxCrossEntropyBackward(
        in CrossEntropyArguments a, Tensor probabilities, Tensor targets, Tensor dLoss, Tensor dLogits)
    {
        int classes = probabilities.Columns;
        float factor = (float)(dLoss.Span[0] * a.Weight / a.Temperature);
        for (int row = 0; row < probabilities.Rows; row++)
        {
            ReadOnlySpan<float> target = targets.Span.Slice(row * classes, classes);
            ReadOnlySpan<float> p = probabilities.Span.Slice(row * classes, classes);
            Span<float> d = dLogits.Span.Slice(row * classes, classes);
            float mass = 0;
            foreach (float value in target)
                mass += value;
            for (int c = 0; c < classes; c++)
                d[c] += factor * ((p[c] * mass) - target[c]);
        }

        Keep(probabilities, targets, dLoss, dLogits);
    }

    /// <inheritdoc/>
    public override void BinaryCrossEntropyForward(double weight, Tensor logits, Tensor targets, Tensor loss)
    {
        ReadOnlySpan<float> x = logits.Span, t = targets.Span;
        double total = 0;
        // -t log s(x) - (1 - t) log s(-x) = max(x, 0) - t x + log(1 + e^-|x|), which never overflows.
        for (int i = 0; i < x.Length; i++)
            total += Math.Max(x[i], 0.0) - ((double)t[i] * x[i]) + double.LogP1(Math.Exp(-Math.Abs((double)x[i])));
        loss.Span[0] = (float)(total * weight);
        Keep(logits, targets, loss);
    }

    /// <inheritdoc/>
    public override void BinaryCrossEntropyBackward(
        double weight, Tensor logits, Tensor targets, Tensor dLoss, Tensor dLogits)
    {
        ReadOnlySpan<float> x = logits.Span, t = targets.Span;
        Span<float> d = dLogits.Span;
        double factor = dLoss.Span[0] * weight;
        for (int i = 0; i < x.Length; i++)
            d[i] += (float)(factor * ((1 / (1 + Math.Exp(-(double)x[i]))) - t[i]));
        Keep(logits, targets, dLoss, dLogits);
    }
}
