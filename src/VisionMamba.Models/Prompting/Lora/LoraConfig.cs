namespace VisionMamba.Models.Prompting.Lora;

/// <summary>
/// Settings of LoRA (arXiv 2106.09685). The defaults are those of MambaPEFT's partial LoRA on x for Vim (arXiv
/// 2411.03855): rank 64 on in_proj's x half, scale 0.1, dropout 0.1 in the bottleneck.
/// </summary>
public sealed record LoraConfig
{
    /// <summary>Where it acts, by <see cref="LoraSite.Name"/>.</summary>
    public IReadOnlyList<string> Sites { get; init; } = ["in_proj.x"];

    /// <summary>Rank r of every site.</summary>
    public int Rank { get; init; } = 64;

    /// <summary>alpha; the scale is alpha / r. 0 takes r / 10, the scale 0.1.</summary>
    public float Alpha { get; init; }

    /// <summary>Dropout between the two factors, in [0, 1).</summary>
    public float Dropout { get; init; } = 0.1f;

    /// <summary>What B A x is multiplied by.</summary>
    public float Scale => Alpha == 0 ? 0.1f : Alpha / Rank;
}
