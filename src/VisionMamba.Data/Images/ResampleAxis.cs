namespace VisionMamba.Data.Images;

/// <summary>
/// The weights along one axis of a resize, in fixed point: output i is the sum over its taps of weight * input,
/// rounded, shifted right by <see cref="PrecisionBits"/> and clamped to 0 .. 255. Double-precision filter, widened by
/// the
/// scale when shrinking (antialiasing), normalised, then rounded: what Pillow's Resample.c computes.
/// </summary>
internal sealed class ResampleAxis
{
    public const int PrecisionBits = 22;

    private ResampleAxis(int first, int count, int taps, bool needed)
    {
        First = first;
        Taps = taps;
        Needed = needed;
        Starts = new int[count];
        Counts = new int[count];
        Weights = needed ? new int[count * taps] : [];
    }

    /// <summary>The first output of the window that is computed.</summary>
    public int First { get; }

    /// <summary>Whether the axis changes anything; when not, output i is input i.</summary>
    public bool Needed { get; }

    /// <summary>The most taps of an output: the row length of <see cref="Weights"/>.</summary>
    public int Taps { get; }

    /// <summary>Per output of the window: its first input.</summary>
    public int[] Starts { get; }

    /// <summary>Per output of the window: how many inputs it reads.</summary>
    public int[] Counts { get; }

    /// <summary>(outputs of the window, taps), in units of 2^-22.</summary>
    public int[] Weights { get; }

    /// <summary>Outputs of the window.</summary>
    public int Length => Starts.Length;

    /// <summary>The first input that any output of the window reads.</summary>
    public int InputBegin => Starts[0];

    /// <summary>One past the last input that any output of the window reads.</summary>
    public int InputEnd => Starts[^1] + Counts[^1];

    /// <param name="inputs">Pixels along the axis.</param>
    /// <param name="from">Where the sampled box begins.</param>
    /// <param name="to">Where it ends.</param>
    /// <param name="outputs">Pixels of the whole result, of which first .. first+count-1 are wanted.</param>
    /// <param name="first">The window's first output.</param>
    /// <param name="count">The window's outputs.</param>
    /// <param name="interpolation">The filter.</param>
    public static ResampleAxis Make(
        int inputs, float from, float to, int outputs, int first, int count, Interpolation interpolation)
    {
        bool needed = outputs != inputs || from != 0 || to != outputs;
        double scale = (double)(to - from) / outputs, filterScale = Math.Max(scale, 1);
        double support = (interpolation == Interpolation.Bicubic ? 2.0 : 1.0) * filterScale;
        var axis = new ResampleAxis(first, count, (int)Math.Ceiling(support) * 2 + 1, needed);
        double[] weights = new double[axis.Taps];
        for (int i = 0; i < count; i++)
        {
            if (!needed)
            {
                (axis.Starts[i], axis.Counts[i]) = (first + i, 1);
                continue;
            }

            double center = from + (first + i + 0.5) * scale;
            int begin = Math.Max((int)(center - support + 0.5), 0);
            int length = Math.Min((int)(center + support + 0.5), inputs) - begin;
            (axis.Starts[i], axis.Counts[i]) = (begin, length);
            Fill(weights.AsSpan(0, length), begin - center + 0.5, 1.0 / filterScale, interpolation);
            Round(weights.AsSpan(0, length), axis.Weights.AsSpan(i * axis.Taps, length));
        }

        return axis;
    }

    private static void Fill(Span<double> weights, double offset, double step, Interpolation interpolation)
    {
        double sum = 0;
        for (int x = 0; x < weights.Length; x++)
        {
            double at = (x + offset) * step;
            weights[x] = interpolation == Interpolation.Bicubic ? Cubic(at) : Math.Max(0, 1 - Math.Abs(at));
            sum += weights[x];
        }

        if (sum == 0)
            return;
        for (int x = 0; x < weights.Length; x++)
            weights[x] /= sum;
    }

    private static void Round(ReadOnlySpan<double> weights, Span<int> result)
    {
        for (int x = 0; x < weights.Length; x++)
            result[x] = (int)((weights[x] < 0 ? -0.5 : 0.5) + weights[x] * (1 << PrecisionBits));
    }

    private static double Cubic(double x)
    {
        const double a = -0.5;
        x = Math.Abs(x);
        if (x < 1)
            return ((a + 2) * x - (a + 3)) * x * x + 1;
        return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    }
}
