namespace VisionMamba.Gpu.Kernels;

/// <summary>
/// What one step back gives, summed over states: C h, and the gradients of delta u and of delta / ln 2.
/// </summary>
internal readonly struct ScanSums(float y, float dDeltaU, float dDelta)
{
    public readonly float Y = y, DDeltaU = dDeltaU, DDelta = dDelta;

    public static ScanSums operator +(ScanSums a, ScanSums b) =>
        new(a.Y + b.Y, a.DDeltaU + b.DDeltaU, a.DDelta + b.DDelta);
}
