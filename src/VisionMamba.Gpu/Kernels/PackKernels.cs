using ILGPU;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu.Kernels;

/// <summary>Numbers and the same as bfloat16: number i of packed holds x_i below and x_(i+half) above.</summary>
internal struct PackArguments
{
    public ArrayView<float> X;

    public ArrayView<uint> Packed;

    /// <summary>Numbers of x, and of packed: half of them, rounded up.</summary>
    public long Count, Half;
}

/// <summary>
/// Activations between the forward and the backward pass. A thread a pair: all accesses are whole lines of neighbouring
/// threads, 6 bytes a number in either direction.
/// </summary>
internal static class PackKernels
{
    /// <summary>Threads of a group.</summary>
    public const int GroupSize = ElementKernels.GroupSize;

    /// <summary>A thread for each of <paramref name="half"/> pairs.</summary>
    public static KernelConfig Configure(long half) => ElementKernels.Configure(half);

    /// <summary>packed = x, rounded to nearest even; NaN stays NaN.</summary>
    public static void Pack(PackArguments a)
    {
        long at = ElementKernels.Index;
        if (at >= a.Half)
            return;
        uint both = Bfloat16.Round(Interop.FloatAsInt(a.X[at]));
        if (at + a.Half < a.Count)
            both |= Bfloat16.Round(Interop.FloatAsInt(a.X[at + a.Half])) << 16;
        a.Packed[at] = both;
    }

    /// <summary>x = packed.</summary>
    public static void Unpack(PackArguments a)
    {
        long at = ElementKernels.Index;
        if (at >= a.Half)
            return;
        uint both = a.Packed[at];
        a.X[at] = Interop.IntAsFloat(both << 16);
        if (at + a.Half < a.Count)
            a.X[at + a.Half] = Interop.IntAsFloat(both & 0xFFFF0000u);
    }
}
