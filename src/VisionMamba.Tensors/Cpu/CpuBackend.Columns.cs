namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void CopyColumns(
        Tensor from, int fromStart, Tensor to, int toStart, int count, bool accumulate, float scale)
    {
        int fromStride = from.Columns, toStride = to.Columns;
        float* source = from.Pointer + fromStart, target = to.Pointer + toStart;
        OverRows(to.Rows, count, (first, last) =>
        {
            for (int row = first; row < last; row++)
            {
                float* s = source + ((long)row * fromStride), t = target + ((long)row * toStride);
                if (!accumulate)
                    new ReadOnlySpan<float>(s, count).CopyTo(new Span<float>(t, count));
                else
                    AddScaled(s, scale, t, count);
            }
        });
        Keep(from, to);
    }
}
