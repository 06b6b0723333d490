using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>A matrix, and each group's largest number as its bits.</summary>
internal struct LargestArguments
{
    public LinedMatrix Matrix;

    public ArrayView<int> Parts;
}

/// <summary>The largest numbers of a product's two inputs, and what follows from them.</summary>
internal struct ScalesArguments
{
    /// <summary>Parts of <see cref="Fp16ScaleKernels.Largest"/>; of an empty second the scale is 1.</summary>
    public ArrayView<int> First, Second;

    /// <summary>The second input's scale, where there is one already.</summary>
    public ArrayView<float> Known;

    /// <summary>The two scales, then the factor of the product and that of what is added to.</summary>
    public ArrayView<float> Scales;

    public float Beta;

    public int HasKnown;
}

/// <summary>
/// The scales of a product's inputs in fp16, whose numbers end at 65,504 and lose bits below 6e-5: each input is
/// multiplied by the power of two that brings its largest number to 2^14 .. 2^15, and the product by what undoes both.
/// Gradients need no loss scale then. The host never waits: scales and factors stay on the device.
/// </summary>
internal static class Fp16ScaleKernels
{
    // Of a float: bits of the mantissa, the exponent of 1, and the exponent's largest value, which is infinity or NaN.
    private const int Mantissa = 23, One = 127, NotFinite = 255, Largest16 = 14;

    /// <summary>Each group's largest number without its sign, as bits, which are in the same order; NaN is above all.
    /// </summary>
    public static void Largest(LargestArguments p)
    {
        int largest = 0;
        for (long i = GroupReduction.First; i < p.Matrix.Count; i += GroupReduction.Step)
            largest = Math.Max(largest, Bits(p.Matrix.At(i)));
        largest = GroupReduction.Of<int, Larger>(largest);
        if (Group.IdxX == 0)
            p.Parts[Grid.IdxX] = largest;
    }

    /// <summary>The scales and factors, by one group.</summary>
    public static void Scales(ScalesArguments p)
    {
        float first = ScaleOf(p.First), second = ScaleOf(p.Second);
        if (Group.IdxX != 0)
            return;
        if (p.HasKnown != 0)
            second = p.Known[0];
        p.Scales[0] = first;
        p.Scales[1] = second;
        // Powers of two: nothing is rounded.
        p.Scales[2] = 1f / first / second;
        p.Scales[3] = p.Beta;
    }

    private static int Bits(float x) => (int)(Interop.FloatAsInt(x) & 0x7FFFFFFF);

    private static float ScaleOf(ArrayView<int> parts)
    {
        int largest = 0;
        for (int i = Group.IdxX; i < parts.IntLength; i += GroupReduction.GroupSize)
            largest = Math.Max(largest, parts[i]);
        largest = GroupReduction.Of<int, Larger>(largest);
        int exponent = largest >> Mantissa;
        // Zeros need no scale, and infinity or NaN shall come through.
        return exponent == NotFinite || largest == 0 ? 1f
            : Interop.IntAsFloat((uint)Math.Min(One + Largest16 + One - exponent, NotFinite - 1) << Mantissa);
    }
}
