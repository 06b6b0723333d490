namespace VisionMamba.Gpu;

/// <summary>
/// All that the processor computes and no kernel does: a GPU refuses it by name. Every operation of
/// <see cref="Tensors.Backend"/> has a kernel, or this project would not compile; what is left are sizes.
/// </summary>
internal static class NotPorted
{
    /// <summary>A convolution with more taps than fit the registers of a thread; released models have 4.</summary>
    public static VisionMambaException Convolution(int width, int widest) => new(
        $"a convolution of width {width} has no GPU kernel (the widest is {widest}); use --device cpu");
}
