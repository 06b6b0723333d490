namespace VisionMamba.Models.Prompting.AdditionalScan;

/// <summary>How the additional states start.</summary>
public enum AdditionalScanStart
{
    /// <summary>As published for Vim: the rows that make B and C are drawn as torch's linear layers are.</summary>
    Published,

    /// <summary>
    /// The rows that make C are zero, so that training starts at the frozen backbone (B and C both zero would never
    /// leave it: each one's gradient is a multiple of the other).
    /// </summary>
    Frozen,
}

/// <summary>Settings of additional scans (arXiv 2411.03855); the defaults are the published ones for Vim.</summary>
public sealed record AdditionalScanConfig
{
    /// <summary>How many states are added to every channel.</summary>
    public int States { get; init; } = 6;

    /// <summary>How they start.</summary>
    public AdditionalScanStart Start { get; init; }
}
