using VisionMamba.Gpu.Kernels;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu;

public partial class GpuBackend
{
    /// <inheritdoc/>
    public override void AddNormForward(in AddNormArguments a, Tensor sum, Tensor y, Tensor statistics) => Launch(
        AddNormKernels.Configure(sum.Rows), AddNormKernels.Forward,
        Arguments(a, sum) with { Hidden = View(a.Hidden), Residual = View(a.Residual) },
        View(sum), View(y), View(statistics));

    /// <inheritdoc/>
    public override void AddNormBackward(
        in AddNormArguments a, Tensor sum, Tensor statistics, Tensor? dY, Tensor? dSum,
        Tensor? dHidden, Tensor? dResidual, Tensor? dWeight, Tensor? dBias)
    {
        int rows = sum.Rows, parts = AddNormKernels.Parts(rows);
        bool weights = dY is not null && (dWeight is not null || dBias is not null);
        using GpuScratch sums = Scratch(weights ? 2L * parts * sum.Columns : 1);
        NormArguments arguments = Arguments(a, sum);
        var g = new NormGradientViews
        {
            Sum = View(sum),
            Statistics = View(statistics),
            DY = View(dY),
            DSum = View(dSum),
            DHidden = View(dHidden),
            DResidual = View(dResidual),
            Parts = sums.View,
            HasDY = Flag(dY),
            HasDSum = Flag(dSum),
            WantsHidden = Flag(dHidden),
            WantsResidual = Flag(dResidual),
        };
        if (dHidden is not null || dResidual is not null)
            Launch(AddNormKernels.Configure(rows), AddNormKernels.Backward, arguments, g);
        if (!weights)
            return;
        Launch(AddNormKernels.ConfigureWeights(rows, sum.Columns), AddNormKernels.WeightParts, arguments, g);
        LineSums lines = new() { Parts = sums.View, Count = parts, Lines = 2, Columns = sum.Columns, ColumnStride = 1 };
        if (dWeight is not null)
            AddLines(lines, 0, 1, dWeight);
        if (dBias is not null)
            AddLines(lines, 1, 1, dBias);
    }

    // Without hidden and residual, whose memory may be gone in the backward pass: it reads their sum.
    private NormArguments Arguments(in AddNormArguments a, Tensor sum) => new()
    {
        Weight = View(a.Weight),
        Bias = View(a.Bias),
        DropScale = View(a.DropScale),
        Rows = sum.Rows,
        Columns = sum.Columns,
        Length = sum.Rows / sum.Shape[0],
        HasResidual = Flag(a.Residual),
        HasBias = Flag(a.Bias),
        HasDrop = Flag(a.DropScale),
        Centred = a.Kind == NormKind.LayerNorm ? 1 : 0,
        Epsilon = a.Epsilon,
    };
}
