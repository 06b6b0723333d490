namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    private const ulong CrossStream = 0, InnerStream = 1;

    /// <inheritdoc/>
    public override void SelectivePromptForward(in SelectivePromptArguments a, Tensor y)
    {
        SelectivePromptArguments args = a;
        int dim = y.Columns, length = y.Shape[1];
        OverRows(y.Rows, dim, (from, to) =>
        {
            for (int row = from; row < to; row++)
            {
                long at = (long)row * dim;
                new ReadOnlySpan<float>(args.X.Pointer + at, dim).CopyTo(new Span<float>(y.Pointer + at, dim));
                if (row % length == args.ClassToken)
                    continue;
                AddPrompt(args, args.Cross, args.Alpha, args.AlphaRow, CrossStream, at, y);
                AddPrompt(args, args.Inner, args.Beta, args.BetaRow, InnerStream, at, y);
            }
        });
    }

    /// <inheritdoc/>
    public override void SelectivePromptBackward(
        in SelectivePromptArguments a, Tensor dY,
        Tensor? dX, Tensor? dCross, Tensor? dInner, Tensor? dAlpha, Tensor? dBeta)
    {
        if (dX is not null)
        {
            int dim = dY.Columns;
            OverRows(dY.Rows, dim, (from, to) =>
                AddScaled(dY.Pointer + ((long)from * dim), 1, dX.Pointer + ((long)from * dim), (to - from) * dim));
        }

        if (a.Cross is not null)
            PromptGradient(a, a.Cross, a.Alpha!, a.AlphaRow, CrossStream, dY, dCross, dAlpha);
        if (a.Inner is not null)
            PromptGradient(a, a.Inner, a.Beta!, a.BetaRow, InnerStream, dY, dInner, dBeta);
    }

    private static float* ScaleRow(Tensor? scales, int row) =>
        scales is null ? null : scales.Pointer + ((long)row * scales.Columns);

    private void AddPrompt(
        in SelectivePromptArguments a, Tensor? prompt, Tensor? scales, int row, ulong stream, long at, Tensor y)
    {
        if (prompt is null)
            return;
        float* mask = null;
        if (a.Dropout > 0)
        {
            mask = Scratch.Take(y.Columns);
            PromptDropout.Mask(a, stream, at, y.Columns, mask);
        }

        _vectors.AddPrompt(prompt.Pointer + at, ScaleRow(scales, row), mask, y.Pointer + at, y.Columns);
    }

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
        OverChannels(dY.Columns, (from, to) => _vectors.PromptGradient(job, from, to));
        Keep(scales, dScales);
    }
}
