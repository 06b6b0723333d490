namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void CopyColumns(
        Tensor from, int fromStart, Tensor to, int toStart, int count, bool accumulate, float scale)
    {
        OverRows(to.Rows, count, new CopyColumnsKernel(
            from.Pointer + fromStart, from.Columns, to.Pointer + toStart, to.Columns, count, accumulate, scale));
        Keep(from, to);
    }

    private readonly struct CopyColumnsKernel(
        float* from, int fromStride, float* to, int toStride, int count, bool accumulate, float scale) : IRange
    {
        public void Run(int first, int last)
        {
            for (int row = first; row < last; row++)
            {
                float* s = from + ((long)row * fromStride), t = to + ((long)row * toStride);
                if (!accumulate)
                    new ReadOnlySpan<float>(s, count).CopyTo(new Span<float>(t, count));
                else
                    AddScaled(s, scale, t, count);
            }
        }
    }
}
