using ILGPU;
using VisionMamba.Gpu.Kernels;
using VisionMamba.Tensors;
using Eight = VisionMamba.Gpu.Kernels.ScanPair<VisionMamba.Gpu.Kernels.ScanQuad>;

namespace VisionMamba.Gpu;

// 4, 8 or 16 states a launch; more states are several launches, because all results are sums over the states.
public partial class GpuBackend
{
    private const int MostStates = 16;

    /// <inheritdoc/>
    public override void SelectiveScanForward(in ScanDirection s, Tensor xz, float scale, bool accumulate, Tensor y)
    {
        int batch = s.U.Shape[0], state = s.ALog.Columns;
        KernelConfig config = ScanForwardKernels.Configure(batch, s.U.Columns);
        for (int first = 0; first < state; first += MostStates)
        {
            ScanArguments a = Arguments(s, xz, scale, first);
            a.Accumulate = accumulate || first > 0 ? 1 : 0;
            if (a.States <= 4)
                Launch(config, ScanForwardKernels.Run<ScanQuad>, a, View(y));
            else if (a.States <= 8)
                Launch(config, ScanForwardKernels.Run<Eight>, a, View(y));
            else
                Launch(config, ScanForwardKernels.Run<ScanPair<Eight>>, a, View(y));
        }
    }

    /// <inheritdoc/>
    public override long ScanNumbersKept(in ScanDirection s) =>
        ScanForwardKernels.KeptNumbers(s.U.Shape[0], s.U.Shape[1], s.U.Columns, s.ALog.Columns);

    /// <inheritdoc/>
    public override void SelectiveScanBackward(
        in ScanDirection s, Tensor xz, float scale, Tensor dY, in ScanGradients gradients)
    {
        if (s.Kept is null && ScanNumbersKept(s) > 0)
            throw new InvalidOperationException("the forward pass kept no states for the backward pass");
        int state = s.ALog.Columns;
        for (int first = 0; first < state; first += MostStates)
            ScanBackward(s, Arguments(s, xz, scale, first), dY, gradients);
    }

    private void ScanBackward(in ScanDirection s, ScanArguments a, Tensor dY, in ScanGradients gradients)
    {
        int batch = s.U.Shape[0], groups = ScanBackwardKernels.Groups(a.Inner);
        bool weights = gradients.ALog is not null || gradients.D is not null || gradients.DeltaBias is not null;
        const int Lines = ScanBackwardKernels.WeightLines, Numbers = 2 * MostStates;
        using GpuScratch bc = Scratch(gradients.Bc is null ? 1 : (long)Numbers * batch * groups * a.Length);
        using GpuScratch sums = Scratch(weights ? (long)batch * Lines * a.Inner : 1);
        var views = new ScanGradientViews
        {
            DY = View(dY),
            DU = View(gradients.U),
            DDelta = View(gradients.Delta),
            DXz = View(gradients.Xz),
            DBc = bc.View,
            DWeights = sums.View,
            ForU = For(gradients.U),
            ForDelta = For(gradients.Delta),
            ForXz = For(gradients.Xz),
            WantsBc = Flag(gradients.Bc),
        };
        LaunchScanBackward(a, views, batch, weights);
        if (gradients.Bc is not null)
        {
            int rows = batch * a.Length;
            Launch(ScanSumKernels.Configure((long)rows * Numbers / 4), ScanSumKernels.AddBc,
                a, groups, rows, bc.Quads, View(gradients.Bc));
        }

        if (weights)
            AddScanWeights(a, batch, Lines, sums, gradients);
    }

    private void LaunchScanBackward(in ScanArguments a, in ScanGradientViews views, int batch, bool weights)
    {
        KernelConfig config = ScanBackwardKernels.Configure(batch, a.Inner);
        if (ScanBackwardKernels.IsUsual(a, views))
        {
            if (weights)
                Launch(config, ScanBackwardKernels.Run<Wanted, UsualScan>, a, views);
            else
                Launch(config, ScanBackwardKernels.Run<Unwanted, UsualScan>, a, views);
        }
        else if (weights)
        {
            Launch(config, ScanBackwardKernels.Run<Wanted, AnyScan>, a, views);
        }
        else
        {
            Launch(config, ScanBackwardKernels.Run<Unwanted, AnyScan>, a, views);
        }
    }

    /// <summary>The first of several launches stores into a blank target, the others add.</summary>
    private static int For(Tensor? target) => target is null ? ScanGradientViews.Nothing
        : target.TakeBlank() ? ScanGradientViews.Store : ScanGradientViews.Add;

    private void AddScanWeights(in ScanArguments a, int batch, int lines, GpuScratch parts, in ScanGradients targets)
    {
        var sums = new LineSums { Parts = parts.View, Count = batch, Lines = lines, Columns = a.Inner };
        if (targets.ALog is not null)
        {
            LineSums each = sums with { LineStride = 1, ColumnStride = a.State, Offset = a.FirstState };
            AddLines(each, 0, a.States, targets.ALog);
        }

        if (targets.D is not null)
            AddLines(sums with { ColumnStride = 1 }, lines - 2, 1, targets.D);
        if (targets.DeltaBias is not null)
            AddLines(sums with { ColumnStride = 1 }, lines - 1, 1, targets.DeltaBias);
    }

    private void AddLines(LineSums sums, int firstLine, int lineCount, Tensor target)
    {
        (sums.FirstLine, sums.LineCount, sums.Target) = (firstLine, lineCount, View(target));
        Launch(SumKernels.Configure(sums.Columns, lineCount), SumKernels.AddLines, sums);
    }

    private ScanArguments Arguments(in ScanDirection s, Tensor xz, float scale, int first) => new()
    {
        U = View(s.U),
        Delta = View(s.Delta),
        Bc = View(s.Bc),
        Xz = View(xz),
        ALog = View(s.ALog),
        D = View(s.D),
        DeltaBias = View(s.DeltaBias),
        Length = s.U.Shape[1],
        Inner = s.U.Columns,
        State = s.ALog.Columns,
        FirstState = first,
        States = Math.Min(MostStates, s.ALog.Columns - first),
        BcStride = s.Bc.Columns,
        BcOffset = s.Bc.Columns - (2 * s.ALog.Columns),
        Direction = s.Reversed ? -1 : 1,
        SkipFactor = first == 0 ? 1 : 0,
        Scale = scale,
        Kept = View(s.Kept).Cast<Float4>(),
        KeptQuads = ScanForwardKernels.KeptQuads(s.ALog.Columns),
        Keeps = Flag(s.Kept),
    };
}
