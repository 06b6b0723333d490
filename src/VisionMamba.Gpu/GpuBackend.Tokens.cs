using VisionMamba.Gpu.Kernels;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu;

public partial class GpuBackend
{
    /// <inheritdoc/>
    public override void CopyTokens(Tensor from, int fromStart, Tensor to, int toStart, int count, bool accumulate) =>
        CopySpan(from, fromStart, from.Shape[1], to, toStart, count, accumulate);

    /// <inheritdoc/>
    public override void CopyColumns(
        Tensor from, int fromStart, Tensor to, int toStart, int count, bool accumulate, float scale) =>
        Copy(new BlockArguments
        {
            From = View(from),
            FromStart = fromStart,
            FromRow = from.Columns,
            To = View(to),
            ToStart = toStart,
            ToRow = to.Columns,
            Items = 1,
            Rows = to.Rows,
            Columns = count,
            Scale = scale,
            Accumulate = accumulate ? 1 : 0,
        });

    /// <inheritdoc/>
    public override void InsertClassTokenForward(
        Tensor patches, Tensor classToken, Tensor? positions, int at, Tensor y)
    {
        int count = patches.Shape[1];
        CopySpan(patches, 0, count, y, 0, at, accumulate: false);
        CopySpan(classToken, 0, 0, y, at, 1, accumulate: false);
        CopySpan(patches, at, count, y, at + 1, count - at, accumulate: false);
        if (positions is not null)
            CopySpan(positions, 0, 0, y, 0, count + 1, accumulate: true);
    }

    /// <inheritdoc/>
    public override void InsertClassTokenBackward(
        Tensor dY, int at, Tensor? dPatches, Tensor? dClassToken, Tensor? dPositions)
    {
        int length = dY.Shape[1];
        if (dPatches is not null)
        {
            CopySpan(dY, 0, length, dPatches, 0, at, accumulate: true);
            CopySpan(dY, at + 1, length, dPatches, at, length - 1 - at, accumulate: true);
        }

        var samples = new LineSums
        {
            Parts = View(dY),
            Count = dY.Shape[0],
            Lines = length,
            Columns = dY.Columns,
            LineStride = dY.Columns,
            ColumnStride = 1,
        };
        if (dClassToken is not null)
            AddLines(samples, at, 1, dClassToken);
        if (dPositions is not null)
            AddLines(samples, 0, length, dPositions);
    }

    /// <inheritdoc/>
    public override void ArrangeTokensForward(in ArrangeTokensArguments a, Tensor y) => Launch(
        ElementKernels.Configure(y.Count), TokenKernels.ArrangeForward, Arguments(a, a.X, a.Learned, y));

    /// <inheritdoc/>
    public override void ArrangeTokensBackward(
        in ArrangeTokensArguments a, Tensor dY, Tensor? dX, Tensor? dLearned) => Launch(
        ElementKernels.Configure((long)dY.Shape[1] * dY.Columns), TokenKernels.ArrangeBackward,
        Arguments(a, dX, dLearned, dY));

    private ArrangeArguments Arguments(in ArrangeTokensArguments a, Tensor? x, Tensor? learned, Tensor y)
    {
        TokenOrder order = a.Order;
        return new ArrangeArguments
        {
            X = View(x),
            Learned = View(learned),
            Y = View(y),
            Order = _indices.Of([.. Enumerable.Range(0, order.Length).Select(i => order[i])]),
            Rng = a.Rng,
            Batch = y.Shape[0],
            Length = y.Shape[1],
            Inputs = a.X.Shape[1],
            LearnedCount = a.Learned?.Shape[1] ?? 0,
            Dim = y.Columns,
            FirstImage = a.FirstImage,
            Dropout = a.Dropout,
            WantsX = Flag(x),
            WantsLearned = Flag(learned),
        };
    }

    /// <summary>
    /// Some tokens of every sample of <paramref name="to"/>; <paramref name="perSample"/> tokens of the source belong
    /// to a sample, or 0 where all samples get the same.
    /// </summary>
    private void CopySpan(
        Tensor from, int fromStart, int perSample, Tensor to, int toStart, int count, bool accumulate)
    {
        int dim = from.Columns;
        Copy(new BlockArguments
        {
            From = View(from),
            FromStart = (long)fromStart * dim,
            FromItem = (long)perSample * dim,
            FromRow = dim,
            To = View(to),
            ToStart = (long)toStart * dim,
            ToItem = (long)to.Shape[1] * dim,
            ToRow = dim,
            Items = to.Shape[0],
            Rows = count,
            Columns = dim,
            Scale = 1,
            Accumulate = accumulate ? 1 : 0,
        });
    }

    private void Copy(in BlockArguments a)
    {
        long count = (long)a.Items * a.Rows * a.Columns;
        if (count > 0)
            Launch(ElementKernels.Configure(count), BlockKernels.Copy, a);
    }
}
