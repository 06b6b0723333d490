using VisionMamba.Gpu.Kernels;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu;

public partial class GpuBackend
{
    /// <inheritdoc/>
    public override long NumbersPacked(long count) => Precision == Precision.Bf16 ? PackedNumbers.Of(count) : count;

    /// <inheritdoc/>
    public override void Pack(Tensor x, Tensor packed) =>
        Launch(PackKernels.Configure(packed.Count), PackKernels.Pack, Arguments(x, packed));

    /// <inheritdoc/>
    public override void Unpack(Tensor packed, Tensor x) =>
        Launch(PackKernels.Configure(packed.Count), PackKernels.Unpack, Arguments(x, packed));

    private PackArguments Arguments(Tensor x, Tensor packed) => new()
    {
        X = View(x),
        Packed = View(packed).Cast<uint>(),
        Count = x.Count,
        Half = packed.Count,
    };
}
