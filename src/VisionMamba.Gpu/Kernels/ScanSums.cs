using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>
/// What one step back gives, summed over states: C h, and the gradients of delta u and of delta / ln 2.
/// </summary>
internal readonly struct ScanSums(float y, float dDeltaU, float dDelta)
{
    public readonly float Y = y, DDeltaU = dDeltaU, DDelta = dDelta;

    /// <summary>
    /// Of two steps' sums over a part of the states, one step's over twice as many: of two threads so many
    /// <paramref name="lanes"/> apart the second has the second step.
    /// </summary>
    public static ScanSums Exchange(ScanSums first, ScanSums second, bool takesSecond, int lanes) => new(
        Exchange(first.Y, second.Y, takesSecond, lanes),
        Exchange(first.DDeltaU, second.DDeltaU, takesSecond, lanes),
        Exchange(first.DDelta, second.DDelta, takesSecond, lanes));

    /// <summary>The same of one number.</summary>
    public static float Exchange(float first, float second, bool takesSecond, int lanes)
    {
        float kept = takesSecond ? second : first, given = takesSecond ? first : second;
        return kept + Warp.ShuffleXor(given, lanes);
    }
}

/// <summary>The sums of a thread's two channels.</summary>
internal readonly struct ScanSumsPair(ScanSums low, ScanSums high)
{
    public readonly ScanSums Low = low, High = high;

    /// <summary><see cref="ScanSums.Exchange(ScanSums, ScanSums, bool, int)"/> of both.</summary>
    public static ScanSumsPair Exchange(ScanSumsPair first, ScanSumsPair second, bool takesSecond, int lanes) => new(
        ScanSums.Exchange(first.Low, second.Low, takesSecond, lanes),
        ScanSums.Exchange(first.High, second.High, takesSecond, lanes));
}
