using ILGPU;
using ILGPU.Runtime;

namespace VisionMamba.Gpu;

/// <summary>A weight's numbers in 16 bits.</summary>
/// <param name="Numbers">bfloat16 or fp16.</param>
/// <param name="Scales">What fp16 was multiplied by, the first of four numbers; bfloat16 has none to read.</param>
internal sealed record RoundedCopy(
    MemoryBuffer1D<ushort, Stride1D.Dense> Numbers, MemoryBuffer1D<float, Stride1D.Dense> Scales)
{
    /// <summary>The generation of the weight that it was made of; -1 for none.</summary>
    public long Generation { get; set; } = -1;
}
