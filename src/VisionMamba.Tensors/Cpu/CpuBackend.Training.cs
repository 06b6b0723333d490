using System.Runtime.Intrinsics;

namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void SoftmaxCrossEntropyForward(Tensor logits, Tensor targets, Tensor probabilities, Tensor loss)
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
                sum += Math.Exp((double)value - largest);
            double logSum = Math.Log(sum) + largest;
            for (int c = 0; c < classes; c++)
            {
                p[c] = (float)Math.Exp(x[c] - logSum);
                total -= target[c] * (x[c] - logSum);
            }
        }

        loss.Span[0] = (float)(total / logits.Rows);
    }

    /// <inheritdoc/>
    public override void SoftmaxCrossEntropyBackward(
        Tensor probabilities, Tensor targets, Tensor dLoss, Tensor dLogits)
    {
        int classes = probabilities.Columns, batch = probabilities.Rows;
        float factor = dLoss.Span[0] / batch;
        for (int row = 0; row < batch; row++)
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
    }

    /// <inheritdoc/>
    public override void AdamW(in AdamWArguments a, Tensor weight, Tensor gradient, Tensor moment1, Tensor moment2)
    {
        float decay = (float)(1 - (a.LearningRate * a.WeightDecay));
        float beta1 = (float)a.Beta1, beta2 = (float)a.Beta2, rest1 = (float)(1 - a.Beta1), rest2 = (float)(1 - a.Beta2);
        float step = (float)(a.LearningRate / (1 - Math.Pow(a.Beta1, a.Step)));
        float root = (float)(1 / Math.Sqrt(1 - Math.Pow(a.Beta2, a.Step))), epsilon = (float)a.Epsilon;
        float* w = weight.Pointer, g = gradient.Pointer, m = moment1.Pointer, v = moment2.Pointer;
        long count = weight.Count;
        _pool.Run(PiecesOf(count), piece =>
        {
            (long start, int length) = Piece(piece, count);
            for (long i = start; i < start + length; i += Simd.Lanes)
            {
                int lanes = (int)Math.Min(Simd.Lanes, start + length - i);
                Vector512<float> d = Simd.Load(g + i, lanes);
                Vector512<float> m1 = Simd.Fma(d, Vector512.Create(rest1), Simd.Load(m + i, lanes) * beta1);
                Vector512<float> m2 = Simd.Fma(d * d, Vector512.Create(rest2), Simd.Load(v + i, lanes) * beta2);
                Simd.Store(m1, m + i, lanes);
                Simd.Store(m2, v + i, lanes);
                Vector512<float> scale = Simd.Fma(Vector512.Sqrt(m2), Vector512.Create(root), Vector512.Create(epsilon));
                Simd.Store((Simd.Load(w + i, lanes) * decay) - (m1 / scale * step), w + i, lanes);
            }
        });
    }
}
