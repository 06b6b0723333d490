using VisionMamba.Gpu.Kernels;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu;

public partial class GpuBackend
{
    /// <inheritdoc/>
    public override void ActivateForward(in ActivateArguments a, Tensor y) => Launch(
        ElementKernels.Configure(y.Count), ElementKernels.ActivateForward,
        Arguments(a, y) with { X = View(a.X), To = View(y) });

    /// <inheritdoc/>
    public override void ActivateBackward(in ActivateArguments a, Tensor dY, Tensor dX) => Launch(
        ElementKernels.Configure(dY.Count), ElementKernels.ActivateBackward,
        Arguments(a, dY) with { X = a.Relu ? View(a.X) : default, From = View(dY), To = View(dX) });

    /// <inheritdoc/>
    public override void TanhForward(Tensor x, Tensor y) => Launch(
        ElementKernels.Configure(y.Count), ElementKernels.TanhForward,
        new ElementArguments { X = View(x), Y = View(y), Count = y.Count });

    /// <inheritdoc/>
    public override void TanhBackward(Tensor y, Tensor dY, Tensor dX) => Launch(
        ElementKernels.Configure(y.Count), ElementKernels.TanhBackward,
        new ActivationArguments { X = View(y), From = View(dY), To = View(dX), Count = y.Count });

    private static ActivationArguments Arguments(in ActivateArguments a, Tensor y) => new()
    {
        Rng = a.Rng,
        Count = y.Count,
        FirstElement = a.FirstImage * (y.Count / y.Shape[0]),
        Dropout = a.Dropout,
        Relu = a.Relu ? 1 : 0,
    };
}
