using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Tests.Ops;

/// <summary>
/// Training steps whose activations are kept as bfloat16: the same forward pass to the bit, gradients within 1 % of
/// their norm, and half the memory between the two passes.
/// </summary>
public sealed class PackedStepTests
{
    private const int Depth = 6;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void GradientsAreNearAndTheForwardPassIsTheSame(bool full)
    {
        using CpuBackend exact = new(1), packed = new(1) { PacksActivations = true };
        PackedStep.Compare(PackedStep.Run(full, exact, Depth), PackedStep.Run(full, packed, Depth), full, Depth);
    }
}
