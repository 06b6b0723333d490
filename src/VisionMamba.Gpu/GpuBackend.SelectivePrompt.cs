using VisionMamba.Gpu.Kernels;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu;

public partial class GpuBackend
{
    private const ulong CrossStream = 0, InnerStream = 1;

    /// <inheritdoc/>
    public override void SelectivePromptForward(in SelectivePromptArguments a, Tensor y) => Launch(
        SelectivePromptKernels.Configure(y.Rows, y.Columns), SelectivePromptKernels.Forward,
        Arguments(a, null, null) with { X = View(a.X) }, View(y));

    /// <inheritdoc/>
    public override void SelectivePromptBackward(
        in SelectivePromptArguments a, Tensor dY,
        Tensor? dX, Tensor? dCross, Tensor? dInner, Tensor? dAlpha, Tensor? dBeta)
    {
        ClearBlank(dCross);
        ClearBlank(dInner);
        int dim = dY.Columns, parts = SelectivePromptKernels.Parts(dY.Rows);
        bool scales = dAlpha is not null || dBeta is not null;
        using GpuScratch sums = Scratch(scales ? 2L * parts * dim : 1);
        var g = new PromptGradientViews
        {
            DY = View(dY),
            DX = View(dX),
            Parts = sums.View,
            WantsX = Flag(dX),
            WantsScales = scales ? 1 : 0,
        };
        Launch(SelectivePromptKernels.Configure(dY.Rows, dim), SelectivePromptKernels.Backward,
            Arguments(a, dCross, dInner), g);
        var lines = new LineSums { Parts = sums.View, Count = parts, Lines = 2, Columns = dim, ColumnStride = 1 };
        if (dAlpha is not null)
            AddLines(lines with { Offset = a.AlphaRow * dim }, 0, 1, dAlpha);
        if (dBeta is not null)
            AddLines(lines with { Offset = a.BetaRow * dim }, 1, 1, dBeta);
    }

    // Without x, whose memory may be gone in the backward pass.
    private PromptArguments Arguments(in SelectivePromptArguments a, Tensor? dCross, Tensor? dInner) => new()
    {
        Cross = Prompt(a.Cross, a.Alpha, a.AlphaRow, a.Rng.Derive(CrossStream), dCross),
        Inner = Prompt(a.Inner, a.Beta, a.BetaRow, a.Rng.Derive(InnerStream), dInner),
        Rows = a.X.Rows,
        Dim = a.X.Columns,
        Length = a.X.Shape[1],
        ClassToken = a.ClassToken,
        Dropout = a.Dropout,
        FirstElement = (long)a.FirstImage * a.X.Shape[1] * a.X.Columns,
    };

    private PromptView Prompt(Tensor? values, Tensor? scales, int row, Rng rng, Tensor? dValues)
    {
        if (values is null)
            return default;
        int dim = values.Columns;
        return new PromptView
        {
            Values = View(values),
            Scale = View(scales).SubView((long)row * dim, dim),
            DValues = View(dValues),
            Rng = rng,
            Exists = 1,
            WantsValues = Flag(dValues),
        };
    }
}
