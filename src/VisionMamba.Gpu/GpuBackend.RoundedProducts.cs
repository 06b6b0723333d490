using ILGPU;
using VisionMamba.Gpu.Kernels;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu;

// Products whose inputs are copied to 16 bits first. Weights that live longer than a step are copied once for all of
// them, until they change. See Kernels/Fp16ScaleKernels.cs for the scales of fp16.
public partial class GpuBackend
{
    // Two scales and two factors.
    private const int Scales = 4;

    /// <summary>How many weights were rounded to 16 bits; frozen ones once.</summary>
    internal int WeightsRounded { get; private set; }

    private void MultiplyRounded(in MatrixArguments p, float beta, Tensor? weight)
    {
        Matrix first = First(p), second = Second(p);
        RoundedCopy? known = weight is null ? null : RoundedOnce(weight);
        using GpuScratch a = Scratch((second.Count + 1) / 2);
        using GpuScratch b = Scratch(known is null ? (first.Count + 1) / 2 : 1);
        using GpuScratch scales = Scratch(Scales);
        ArrayView<ushort> secondCopy = a.View.Cast<ushort>();
        ArrayView<ushort> firstCopy = known is null ? b.View.Cast<ushort>() : known.Numbers.View.BaseView;
        if (Precision == Precision.Fp16)
            MakeScales(second, known is null ? first : null, known?.Scales.View.BaseView, beta, scales.View);
        Round(second, secondCopy, scales.View);
        if (known is null)
            Round(first, firstCopy, scales.View.SubView(1, 1));
        Call(
            p, beta, first.Copied(firstCopy), second.Copied(secondCopy),
            Precision == Precision.Fp16 ? Address(scales.View.SubView(2, 2)) : IntPtr.Zero);
    }

    /// <summary>
    /// A weight, whose memory is rounded again as a whole only when it may have changed. The copy lies as it lies.
    /// </summary>
    private RoundedCopy RoundedOnce(Tensor weight)
    {
        GpuMemory memory = Memory(weight);
        RoundedCopy copy = memory.Rounded ??= new RoundedCopy(
            AllocateBlock<ushort>(memory.View.Length), AllocateBlock<float>(Scales));
        if (copy.Generation == memory.Generation)
            return copy;
        int count = checked((int)copy.Numbers.Length);
        var whole = new Matrix(memory.View, count, 1, 1, count);
        if (Precision == Precision.Fp16)
            MakeScales(whole, null, null, 0, copy.Scales.View.BaseView);
        Round(whole, copy.Numbers.View.BaseView, copy.Scales.View.BaseView);
        WeightsRounded++;
        copy.Generation = memory.Generation;
        return copy;
    }

    /// <summary>
    /// The scales of two inputs, the second one's <paramref name="known"/> or to be found or 1, and the product's
    /// factors.
    /// </summary>
    private void MakeScales(Matrix first, Matrix? second, ArrayView<float>? known, float beta, ArrayView<float> scales)
    {
        int groups = GroupReduction.Groups(first.Count);
        int more = second is { } other ? GroupReduction.Groups(other.Count) : 0;
        using GpuScratch parts = Scratch(groups + more);
        ArrayView<int> all = parts.View.Cast<int>();
        Largest(first, groups, all);
        if (second is { } also)
            Largest(also, more, all.SubView(groups, more));
        Launch(GroupReduction.Configure(1), Fp16ScaleKernels.Scales, new ScalesArguments
        {
            First = all.SubView(0, groups),
            Second = all.SubView(more == 0 ? 0 : groups, more),
            Known = known ?? scales,
            HasKnown = known is null ? 0 : 1,
            Scales = scales,
            Beta = beta,
        });
    }

    private void Largest(Matrix matrix, int groups, ArrayView<int> parts) => Launch(
        GroupReduction.Configure(groups), Fp16ScaleKernels.Largest,
        new LargestArguments { Matrix = matrix.Lines, Parts = parts });

    /// <summary>A copy in 16 bits without gaps, lying as the matrix lies.</summary>
    private void Round(Matrix matrix, ArrayView<ushort> copy, ArrayView<float> scale) => Launch(
        ElementKernels.Configure(matrix.Count),
        Precision == Precision.Fp16 ? GemmInputKernels.RoundToFp16 : GemmInputKernels.RoundToBf16,
        new RoundingArguments { Matrix = matrix.Lines, Y = copy, Scale = scale });
}
