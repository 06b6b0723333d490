namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    private const ulong CrossStream = 0, InnerStream = 1;

    /// <inheritdoc/>
    public override void SelectivePromptForward(in SelectivePromptArguments a, Tensor y)
    {
        OverRows(y.Rows, y.Columns, new PromptKernel(_vectors, a, y));
    }

    /// <inheritdoc/>
    public override void SelectivePromptBackward(
        in SelectivePromptArguments a, Tensor dY,
        Tensor? dX, Tensor? dCross, Tensor? dInner, Tensor? dAlpha, Tensor? dBeta)
    {
        if (dX is not null)
            OverRows(dY.Rows, dY.Columns, new AddRowsKernel(dY, dX));
        if (a.Cross is not null)
            PromptGradient(a, a.Cross, a.Alpha!, a.AlphaRow, CrossStream, dY, dCross, dAlpha);
        if (a.Inner is not null)
            PromptGradient(a, a.Inner, a.Beta!, a.BetaRow, InnerStream, dY, dInner, dBeta);
    }

    private static float* ScaleRow(Tensor? scales, int row) =>
        scales is null ? null : scales.Pointer + ((long)row * scales.Columns);

    private void PromptGradient(
        in SelectivePromptArguments a, Tensor prompt, Tensor scales, int scaleRow, ulong stream,
        Tensor dY, Tensor? dPrompt, Tensor? dScales)
    {
        var job = new PromptGradientJob
        {
            Arguments = a,
            Stream = stream,
            Rows = dY.Rows,
            Dim = dY.Columns,
            Prompt = prompt.Pointer,
            Scale = ScaleRow(scales, scaleRow),
            DY = dY.Pointer,
            DPrompt = PointerOf(dPrompt),
            DScale = ScaleRow(dScales, scaleRow),
            Store = dPrompt is not null && dPrompt.TakeBlank(),
        };
        OverChannels(dY.Columns, new PromptGradientKernel(_vectors, job));
        Keep(scales, dScales);
    }

    private readonly struct PromptKernel(VectorKernels vectors, SelectivePromptArguments a, Tensor y) : IRange
    {
        public void Run(int from, int to)
        {
            int dim = y.Columns, length = y.Shape[1];
            for (int row = from; row < to; row++)
            {
                long at = (long)row * dim;
                new ReadOnlySpan<float>(a.X.Pointer + at, dim).CopyTo(new Span<float>(y.Pointer + at, dim));
                if (row % length == a.ClassToken)
                    continue;
                Add(a.Cross, a.Alpha, a.AlphaRow, CrossStream, at);
                Add(a.Inner, a.Beta, a.BetaRow, InnerStream, at);
            }
        }

        private void Add(Tensor? prompt, Tensor? scales, int row, ulong stream, long at)
        {
            if (prompt is null)
                return;
            float* mask = null;
            if (a.Dropout > 0)
            {
                mask = Scratch.Take(y.Columns);
                PromptDropout.Mask(a, stream, at, y.Columns, mask);
            }

            vectors.AddPrompt(prompt.Pointer + at, ScaleRow(scales, row), mask, y.Pointer + at, y.Columns);
        }
    }

    private readonly struct AddRowsKernel(Tensor from, Tensor to) : IRange
    {
        public void Run(int first, int last)
        {
            long start = (long)first * from.Columns;
            AddScaled(from.Pointer + start, 1, to.Pointer + start, (last - first) * from.Columns);
        }
    }

    private readonly struct PromptGradientKernel(VectorKernels vectors, PromptGradientJob job) : IRange
    {
        public void Run(int from, int to) => vectors.PromptGradient(job, from, to);
    }
}
