using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>The sums of a thread's two channels.</summary>
internal readonly struct ScanSumsPair(ScanSums low, ScanSums high)
{
    public readonly ScanSums Low = low, High = high;

    public static ScanSumsPair operator +(ScanSumsPair a, ScanSumsPair b) => new(a.Low + b.Low, a.High + b.High);

    /// <summary>The sums that were left at the views' beginnings.</summary>
    public static ScanSumsPair Load(ArrayView<Float4> four, ArrayView<Float4> two)
    {
        Float4 first = four[0];
        Float2 second = two.Cast<Float2>()[0];
        return new ScanSumsPair(
            new ScanSums(first.X, first.Y, second.X), new ScanSums(first.Z, first.W, second.Y));
    }

    /// <summary>Leaves them there.</summary>
    public void Store(ArrayView<Float4> four, ArrayView<Float4> two)
    {
        four[0] = new Float4(Low.Y, Low.DDeltaU, High.Y, High.DDeltaU);
        two.Cast<Float2>()[0] = new Float2(Low.DDelta, High.DDelta);
    }
}
