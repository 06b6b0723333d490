using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>
/// Which of the 16 states a thread has (its quad), which two channels of the group, the number of that pair, and the
/// row of products that it adds with three others. A warp has 16 neighbouring channels.
/// </summary>
internal readonly struct ScanBackThread
{
    /// <summary>How far the second channel is from the first.</summary>
    public const int Between = 8;

    public readonly int Warp, Lane, Quad, Low, High, Pair, Row;

    public ScanBackThread(int thread)
    {
        // Shifts and masks: the compiler does not know that the number is not negative.
        (Warp, Lane) = (thread >> 5, thread & 31);
        int within = Lane & 7;
        Quad = Lane >> 3;
        Low = (16 * Warp) + within;
        High = Low + Between;
        Pair = (8 * Warp) + within;
        Row = thread >> 2;
    }

    /// <summary>
    /// The same number. The assembler computes what is cheap again at every use, from the thread's number on; what a
    /// shuffle gives it has to keep.
    /// </summary>
    public static int Pin(int value) => ILGPU.Warp.Shuffle(value, Group.IdxX & (WarpSums.Lanes - 1));
}
