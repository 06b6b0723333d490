namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void Update<TRule>(
        TRule rule, Tensor weight, Tensor gradient, Tensor? first, Tensor? second, long start, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + count, weight.Count);
        float* m = first is null ? null : first.Pointer + start, v = second is null ? null : second.Pointer + start;
        _pool.Run(PiecesOf(count), new UpdateKernel<TRule>(
            rule, weight.Pointer + start, gradient.Pointer + start, m, v, count));
        Keep(weight, gradient, first, second);
    }

    /// <inheritdoc/>
    public override void Clamp(Tensor x, float limit)
    {
        foreach (ref float value in x.Span)
            value = Math.Clamp(value, -limit, limit);
        Keep(x);
    }

    /// <inheritdoc/>
    public override void ClipByUnit(Tensor gradient, Tensor weight, double factor, double epsilon)
    {
        int units = weight.Shape.Length <= 1 ? 1 : weight.Shape[0], size = (int)(weight.Count / Math.Max(units, 1));
        for (int unit = 0; unit < units; unit++)
        {
            Span<float> g = gradient.Span.Slice(unit * size, size);
            double limit = Math.Max(Length(weight.Span.Slice(unit * size, size)), epsilon) * factor, length = Length(g);
            if (length < limit)
                continue;
            float scale = (float)(limit / Math.Max(length, 1e-6));
            foreach (ref float value in g)
                value *= scale;
        }

        Keep(gradient, weight);
    }

    private static double Length(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
            sum += (double)value * value;
        return Math.Sqrt(sum);
    }

    /// <summary>
    /// Keeps tensors from being collected, and their memory from being freed, while a kernel holds bare pointers to it.
    /// </summary>
    private static void Keep(Tensor? a, Tensor? b = null, Tensor? c = null, Tensor? d = null, Tensor? e = null)
    {
        GC.KeepAlive(a);
        GC.KeepAlive(b);
        GC.KeepAlive(c);
        GC.KeepAlive(d);
        GC.KeepAlive(e);
    }

    private readonly struct UpdateKernel<TRule>(TRule rule, float* w, float* g, float* m, float* v, long count)
        : IPieces
        where TRule : unmanaged, IUpdateRule
    {
        public void Run(int piece)
        {
            (long from, int length) = Piece(piece, count);
            TRule apply = rule;
            for (long i = from; i < from + length; i += Simd.Lanes)
            {
                int lanes = (int)Math.Min(Simd.Lanes, from + length - i);
                Lanes16 x = Lanes16.Load(w + i, lanes), d = Lanes16.Load(g + i, lanes);
                Lanes16 m1 = m == null ? default : Lanes16.Load(m + i, lanes);
                Lanes16 m2 = v == null ? default : Lanes16.Load(v + i, lanes);
                apply.Apply(ref x, ref d, ref m1, ref m2);
                x.Store(w + i, lanes);
                if (TRule.ChangesGradient)
                    d.Store(g + i, lanes);
                if (m != null)
                    m1.Store(m + i, lanes);
                if (v != null)
                    m2.Store(v + i, lanes);
            }
        }
    }
}
