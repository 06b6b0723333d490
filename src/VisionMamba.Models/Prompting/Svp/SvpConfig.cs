namespace VisionMamba.Models.Prompting.Svp;

/// <summary>Which tokens the cross prompt of the tokens after the class token is computed from.</summary>
public enum CrossPromptSource
{
    /// <summary>Each token's from itself, as the paper says.</summary>
    Token,

    /// <summary>
    /// From the already prompted token as far before the class token as this one is after it, as the released Python
    /// code computes it. Needs as many tokens before the class token as after it.
    /// </summary>
    PairedHalves,
}

/// <summary>Which of the two prompts there are (the paper's ablation).</summary>
public enum SvpPrompts
{
    /// <summary>Cross and inner prompts.</summary>
    Both,

    /// <summary>Only the cross prompts, which layers share.</summary>
    Cross,

    /// <summary>Only the inner prompts, each layer's own.</summary>
    Inner,
}

/// <summary>Settings of selective visual prompting (arXiv 2412.08947).</summary>
public sealed record SvpConfig
{
    /// <summary>Consecutive layers that share one cross prompt, 1 .. depth; the last group may be shorter.</summary>
    public int SharedLayers { get; init; } = 8;

    /// <summary>Hidden width h of the inner prompts.</summary>
    public int InnerWidth { get; init; } = 64;

    /// <summary>Dropout on both prompts, in [0, 1).</summary>
    public float Dropout { get; init; }

    /// <summary>How many of the first layers are prompted; 0 means all.</summary>
    public int PromptDepth { get; init; }

    /// <summary>The paper's or the released code's reading of the cross prompt.</summary>
    public CrossPromptSource Source { get; init; }

    /// <summary>Cross prompts, inner prompts, or both.</summary>
    public SvpPrompts Prompts { get; init; }

    /// <summary>
    /// Rows of the inner scale; 0 means one per prompted layer. The released code always stores 24, used or not.
    /// </summary>
    public int ScaleRows { get; init; }
}
