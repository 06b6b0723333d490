using ILGPU;
using VisionMamba.Gpu.Kernels;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu;

public partial class GpuBackend
{
    private const int MostTaps = 16;

    /// <inheritdoc/>
    public override void CausalConvSiluForward(Tensor xz, Tensor weight, Tensor bias, bool reversed, Tensor y)
    {
        ConvArguments a = Arguments(xz, weight, bias, reversed);
        KernelConfig config = CausalConvSiluKernels.Configure(xz.Shape[0], a.Length, a.Inner);
        switch (TapsOf(a.Width))
        {
            case 4:
                Launch(config, CausalConvSiluKernels.Forward<ConvQuad>, a, View(y));
                break;
            case 8:
                Launch(config, CausalConvSiluKernels.Forward<ConvPair<ConvQuad>>, a, View(y));
                break;
            default:
                Launch(config, CausalConvSiluKernels.Forward<ConvPair<ConvPair<ConvQuad>>>, a, View(y));
                break;
        }
    }

    /// <inheritdoc/>
    public override void CausalConvSiluBackward(
        Tensor xz, Tensor weight, Tensor bias, bool reversed, Tensor dY, Tensor? dXz, Tensor? dWeight, Tensor? dBias)
    {
        ConvArguments a = Arguments(xz, weight, bias, reversed);
        bool weights = dWeight is not null || dBias is not null;
        int parts = xz.Shape[0] * CausalConvSiluKernels.Segments(a.Length), taps = TapsOf(a.Width);
        using GpuScratch sums = Scratch(weights ? (long)parts * (taps + 1) * a.Inner : 1);
        var g = new ConvGradientViews
        {
            DY = View(dY),
            DXz = View(dXz),
            Parts = sums.View,
            WantsX = Flag(dXz),
            WantsWeights = weights ? 1 : 0,
        };
        KernelConfig config = CausalConvSiluKernels.Configure(xz.Shape[0], a.Length, a.Inner);
        if (taps == 4)
            Launch(config, CausalConvSiluKernels.Backward<ConvQuad>, a, g);
        else if (taps == 8)
            Launch(config, CausalConvSiluKernels.Backward<ConvPair<ConvQuad>>, a, g);
        else
            Launch(config, CausalConvSiluKernels.Backward<ConvPair<ConvPair<ConvQuad>>>, a, g);
        var lines = new LineSums { Parts = sums.View, Count = parts, Lines = taps + 1, Columns = a.Inner };
        if (dWeight is not null)
            AddLines(lines with { LineStride = 1, ColumnStride = a.Width }, taps - a.Width, a.Width, dWeight);
        if (dBias is not null)
            AddLines(lines with { ColumnStride = 1 }, taps, 1, dBias);
    }

    private ConvArguments Arguments(Tensor xz, Tensor weight, Tensor bias, bool reversed) => new()
    {
        Xz = View(xz),
        Weight = View(weight),
        Bias = View(bias),
        Length = xz.Shape[1],
        Inner = xz.Columns / 2,
        Width = weight.Columns,
        Direction = reversed ? -1 : 1,
    };

    private static int TapsOf(int width) => width switch
    {
        <= 4 => 4,
        <= 8 => 8,
        <= MostTaps => MostTaps,
        _ => throw NotPorted.Convolution(width, MostTaps),
    };
}
