namespace VisionMamba.Models.Prompting.Affix;

/// <summary>Settings of affix-tuning (arXiv 2411.03855).</summary>
public sealed record AffixConfig
{
    /// <summary>Affix tokens per direction and block.</summary>
    public int Tokens { get; init; } = 3;

    /// <summary>
    /// Hidden width of the two-layer network that makes all affixes from one embedding while training, twice the
    /// mixer's width in the publication; 0 learns the affixes themselves.
    /// </summary>
    public int Projection { get; init; }
}
