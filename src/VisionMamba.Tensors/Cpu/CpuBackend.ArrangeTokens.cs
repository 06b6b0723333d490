namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void ArrangeTokensForward(in ArrangeTokensArguments a, Tensor y)
    {
        OverRows(y.Rows, y.Columns, new ArrangeKernel(a, y));
    }

    /// <inheritdoc/>
    public override void ArrangeTokensBackward(
        in ArrangeTokensArguments a, Tensor dY, Tensor? dX, Tensor? dLearned)
    {
        // Threads split the places: each source has one place, and the sum over the samples keeps its order.
        OverRows(dY.Shape[1], dY.Columns * dY.Shape[0], new ArrangeGradientKernel(a, dY, dX, dLearned));
    }

    private static void Learned(in ArrangeTokensArguments a, int sample, int index, Span<float> target)
    {
        var token = new ReadOnlySpan<float>(a.Learned!.Pointer + ((long)index * target.Length), target.Length);
        token.CopyTo(target);
        if (a.Dropout == 0)
            return;
        fixed (float* mask = target)
            TokenMask(a, sample, index, target.Length, mask);
        for (int c = 0; c < target.Length; c++)
            target[c] *= token[c];
    }

    private static void AddMasked(
        in ArrangeTokensArguments a, int sample, int index, float* g, float* mask, float* target, int dim)
    {
        if (a.Dropout == 0)
        {
            AddScaled(g, 1, target, dim);
            return;
        }

        TokenMask(a, sample, index, dim, mask);
        for (int c = 0; c < dim; c++)
            target[c] += g[c] * mask[c];
    }

    /// <summary>1 / (1 - p) where an element is kept, else 0; a function of its index in the whole batch.</summary>
    private static void TokenMask(in ArrangeTokensArguments a, int sample, int index, int dim, float* mask)
    {
        long first = ((((long)a.FirstImage + sample) * a.Learned!.Shape[1]) + index) * dim;
        for (int c = 0; c < dim; c++)
            mask[c] = a.Rng.Uniform((ulong)(first + c)) < a.Dropout ? 0 : 1 / (1 - a.Dropout);
    }

    private readonly struct ArrangeKernel(ArrangeTokensArguments a, Tensor y) : IRange
    {
        public void Run(int from, int to)
        {
            int dim = y.Columns, length = y.Shape[1], inputs = a.X.Shape[1];
            for (int row = from; row < to; row++)
            {
                int sample = row / length, source = a.Order[row % length];
                var target = new Span<float>(y.Pointer + ((long)row * dim), dim);
                if (source == TokenOrder.Zero)
                    target.Clear();
                else if (source >= 0)
                    new ReadOnlySpan<float>(
                        a.X.Pointer + ((((long)sample * inputs) + source) * dim), dim).CopyTo(target);
                else
                    Learned(a, sample, ~source, target);
            }
        }
    }

    private readonly struct ArrangeGradientKernel(
        ArrangeTokensArguments a, Tensor dY, Tensor? dX, Tensor? dLearned) : IRange
    {
        public void Run(int from, int to)
        {
            int dim = dY.Columns, length = dY.Shape[1], batch = dY.Shape[0], inputs = a.X.Shape[1];
            float* mask = Scratch.Take(dim + Simd.Lanes);
            for (int place = from; place < to; place++)
            {
                int source = a.Order[place];
                if (source >= 0 ? dX is null : source == TokenOrder.Zero || dLearned is null)
                    continue;
                for (int sample = 0; sample < batch; sample++)
                {
                    float* g = dY.Pointer + ((((long)sample * length) + place) * dim);
                    if (source >= 0)
                        AddScaled(g, 1, dX!.Pointer + ((((long)sample * inputs) + source) * dim), dim);
                    else
                        AddMasked(a, sample, ~source, g, mask, dLearned!.Pointer + ((long)~source * dim), dim);
                }
            }
        }
    }
}
