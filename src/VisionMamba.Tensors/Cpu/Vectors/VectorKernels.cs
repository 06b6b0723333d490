using System.Runtime.Intrinsics;

namespace VisionMamba.Tensors.Cpu;

/// <summary>
/// The pieces of kernels that are written over <see cref="ILanes{T}"/>, compiled for one width of registers. Each
/// operation adds its own; a piece is what one thread computes without asking anybody.
/// </summary>
internal abstract partial class VectorKernels
{
    /// <summary>In the widest registers that this processor has.</summary>
    public static VectorKernels Widest { get; } =
        Vector512.IsHardwareAccelerated ? new VectorKernels<Lanes16>()
        : Vector256.IsHardwareAccelerated ? new VectorKernels<Lanes8>() : new VectorKernels<Lanes4>();
}

/// <summary>The kernels in registers of <typeparamref name="T"/>.</summary>
internal sealed partial class VectorKernels<T> : VectorKernels
    where T : struct, ILanes<T>;
