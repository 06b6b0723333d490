namespace VisionMamba.Models.Prompting.Vpt;

/// <summary>Where prompt tokens stand in the sequence.</summary>
public enum PromptPlacement
{
    /// <summary>Before all tokens.</summary>
    Prefix,

    /// <summary>After all tokens.</summary>
    Suffix,

    /// <summary>Half of them (rounded up) before, the others after all tokens.</summary>
    Ends,

    /// <summary>Half of them (rounded up) right before the class token, the others right after it.</summary>
    Middle,

    /// <summary>
    /// One after each of the equal pieces that the sequence is cut into; the first pieces may be longer.
    /// </summary>
    Spread,
}

/// <summary>Settings of visual prompt tuning (arXiv 2203.12119).</summary>
public sealed record VptConfig
{
    /// <summary>Prompt tokens per layer.</summary>
    public int Tokens { get; init; } = 10;

    /// <summary>Where they stand.</summary>
    public PromptPlacement Placement { get; init; }

    /// <summary>Dropout on their elements, in [0, 1).</summary>
    public float Dropout { get; init; }

    /// <summary>
    /// Width of the learned tokens, which one linear layer, shared by all layers, projects to the model's; -1 learns
    /// them at the model's width.
    /// </summary>
    public int Project { get; init; } = -1;
}
