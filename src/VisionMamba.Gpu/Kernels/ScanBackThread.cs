namespace VisionMamba.Gpu.Kernels;

/// <summary>
/// Which of the 16 states a thread has (its quad), which two channels of the group, and the number of that pair. A warp
/// has 16 neighbouring channels.
/// </summary>
internal readonly struct ScanBackThread
{
    /// <summary>How far the second channel is from the first.</summary>
    public const int Between = 8;

    public readonly int Warp, Lane, Quad, Low, High, Pair;

    public ScanBackThread(int thread)
    {
        // Shifts and masks: the compiler does not know that the number is not negative.
        (Warp, Lane) = (thread >> 5, thread & 31);
        int within = Lane & 7;
        Quad = Lane >> 3;
        Low = (16 * Warp) + within;
        High = Low + Between;
        Pair = (8 * Warp) + within;
    }
}
