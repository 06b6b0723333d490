namespace VisionMamba.Cli.Studies;

/// <summary>A mean over seeds.</summary>
/// <param name="Mean">Share of right answers.</param>
/// <param name="Deviation">Standard deviation over seeds (n - 1); null for a single seed.</param>
/// <param name="Count">How many seeds.</param>
internal sealed record Measured(double Mean, double? Deviation, int Count)
{
    /// <summary>Of these values; null where there are none.</summary>
    public static Measured? Of(IReadOnlyList<double> values)
    {
        if (values.Count == 0)
            return null;
        double mean = values.Average();
        return new Measured(mean, values.Count < 2 ? null
            : Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1)), values.Count);
    }
}
