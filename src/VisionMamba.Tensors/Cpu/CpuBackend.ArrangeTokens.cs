namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void ArrangeTokensForward(in ArrangeTokensArguments a, Tensor y)
    {
        ArrangeTokensArguments args = a;
        int dim = y.Columns, length = y.Shape[1], inputs = a.X.Shape[1];
        OverRows(y.Rows, dim, (from, to) =>
        {
            for (int row = from; row < to; row++)
            {
                int sample = row / length, source = args.Order[row % length];
                var target = new Span<float>(y.Pointer + ((long)row * dim), dim);
                if (source == TokenOrder.Zero)
                    target.Clear();
                else if (source >= 0)
                    new ReadOnlySpan<float>(
                        args.X.Pointer + ((((long)sample * inputs) + source) * dim), dim).CopyTo(target);
                else
                    Learned(args, sample, ~source, target);
            }
        });
    }

    /// <inheritdoc/>
    public override void ArrangeTokensBackward(
        in ArrangeTokensArguments a, Tensor dY, Tensor? dX, Tensor? dLearned)
    {
        ArrangeTokensArguments args = a;
        int dim = dY.Columns, length = dY.Shape[1], batch = dY.Shape[0], inputs = a.X.Shape[1];
        // Threads split the places: each source has one place, and the sum over the samples keeps its order.
        OverRows(length, dim * batch, (from, to) =>
        {
            float* mask = Scratch.Take(dim + Simd.Lanes);
            for (int place = from; place < to; place++)
            {
                int source = args.Order[place];
                if (source >= 0 ? dX is null : source == TokenOrder.Zero || dLearned is null)
                    continue;
                for (int sample = 0; sample < batch; sample++)
                {
                    float* g = dY.Pointer + ((((long)sample * length) + place) * dim);
                    if (source >= 0)
                        AddScaled(g, 1, dX!.Pointer + ((((long)sample * inputs) + source) * dim), dim);
                    else
                        AddMasked(args, sample, ~source, g, mask, dLearned!.Pointer + ((long)~source * dim), dim);
                }
            }
        });
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
}
