namespace VisionMamba.Tensors;

// Shapes: x (count); packed (half) with half = ceil(count / 2). The i-th number of packed holds x_i in its lower 16
// bits and x_(i+half) in its upper ones, each as bfloat16, so that neighbouring lanes and threads read and write
// neighbours. Where count is odd, the last upper half is 0.

/// <summary>
/// What an operation keeps for its backward pass, as bfloat16: half the memory between the two passes. The forward pass
/// has read it by then and does not change; gradients do, by what 8 bits of mantissa lose.
/// </summary>
internal static class PackedNumbers
{
    /// <summary>Smaller tensors stay: 4 KB are not worth two kernels.</summary>
    public const int Fewest = 1024;

    /// <summary>How many numbers the <paramref name="count"/> of a tensor take.</summary>
    public static long Of(long count) => count < Fewest ? count : (count + 1) / 2;
}

public abstract partial class Backend
{
    /// <summary>
    /// How many numbers it takes to keep <paramref name="count"/> activations from the forward to the backward pass:
    /// as many where they are kept as they are.
    /// </summary>
    public virtual long NumbersPacked(long count) => count;

    /// <summary>Rounds <paramref name="x"/> to bfloat16, two numbers into each of <paramref name="packed"/>.</summary>
    public virtual void Pack(Tensor x, Tensor packed) =>
        throw new NotSupportedException($"{Description}: packs nothing");

    /// <summary>The numbers of <paramref name="packed"/> as they were rounded, to <paramref name="x"/>.</summary>
    public virtual void Unpack(Tensor packed, Tensor x) =>
        throw new NotSupportedException($"{Description}: packs nothing");
}
