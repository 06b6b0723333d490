using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>A matrix of which line l starts at l Line of x; each group's largest number as its bits.</summary>
internal struct LargestArguments
{
    public ArrayView<float> X;

    public ArrayView<int> Parts;

    public long Count;

    public int Columns, Line;
}

/// <summary>The largest numbers of a product's two inputs, and what follows from them.</summary>
internal struct ScalesArguments
{
    /// <summary>Parts of <see cref="Fp16ScaleKernels.Largest"/>; the second may be empty: then its scale is 1.</summary>
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
    /// <summary>Threads of a group that looks for the largest.</summary>
    public const int GroupSize = 128;

    // Of a float: bits of the mantissa, the exponent of 1, and the exponent's largest value, which is infinity or NaN.
    private const int Mantissa = 23, One = 127, NotFinite = 255, Largest16 = 14;

    /// <summary>Groups for a matrix.</summary>
    public static int Groups(long count) => (int)Math.Clamp((count + 4095) / 4096, 1, 264);

    /// <summary>So many groups.</summary>
    public static KernelConfig Configure(int groups) => (new Index3D(groups, 1, 1), new Index3D(GroupSize, 1, 1));

    /// <summary>Each group's largest number without its sign, as bits, which are in the same order; NaN is above all.
    /// </summary>
    public static void Largest(LargestArguments p)
    {
        int largest = 0;
        for (long i = ((long)Grid.IdxX * GroupSize) + Group.IdxX; i < p.Count; i += (long)GroupSize * Grid.DimX)
            largest = Math.Max(largest, Bits(p.X[(i / p.Columns * p.Line) + (i % p.Columns)]));
        largest = OfGroup(largest);
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
        for (int i = Group.IdxX; i < parts.IntLength; i += GroupSize)
            largest = Math.Max(largest, parts[i]);
        largest = OfGroup(largest);
        int exponent = largest >> Mantissa;
        // Zeros need no scale, and infinity or NaN shall come through.
        return exponent == NotFinite || largest == 0 ? 1f
            : Interop.IntAsFloat((uint)Math.Min(One + Largest16 + One - exponent, NotFinite - 1) << Mantissa);
    }

    /// <summary>The largest of the group's threads, in all of them.</summary>
    private static int OfGroup(int value)
    {
        ArrayView<int> all = SharedMemory.Allocate<int>(GroupSize);
        all[Group.IdxX] = value;
        Group.Barrier();
        for (int half = GroupSize / 2; half > 0; half /= 2)
        {
            if (Group.IdxX < half)
                all[Group.IdxX] = Math.Max(all[Group.IdxX], all[Group.IdxX + half]);
            Group.Barrier();
        }

        int largest = all[0];
        Group.Barrier();
        return largest;
    }
}
