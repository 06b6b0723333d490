namespace VisionMamba.Models.Explaining;

/// <summary>What a model did with one image.</summary>
/// <param name="Logits">Per class.</param>
/// <param name="Class">The class that is explained.</param>
/// <param name="Attribution">
/// Gradient times input of the class' logit, (side, side), summed over the image's channels: to first order what each
/// pixel adds to the logit.
/// </param>
/// <param name="Blocks">Per block.</param>
public sealed record Explanation(
    IReadOnlyList<float> Logits, int Class, IReadOnlyList<float> Attribution, IReadOnlyList<BlockExplanation> Blocks);

/// <summary>What one block did with the image's patches, in reading order.</summary>
public sealed record BlockExplanation
{
    /// <summary>Mean step size delta.</summary>
    public required IReadOnlyList<float> Delta { get; init; }

    /// <summary>Mean |delta B|: how much of the patch enters the states.</summary>
    public required IReadOnlyList<float> InputGate { get; init; }

    /// <summary>Mean exp(delta A): how much of the states outlives the patch.</summary>
    public required IReadOnlyList<float> ForgetGate { get; init; }

    /// <summary>
    /// The length of the patch's part in the scans' gated output at the class token; patches before it come by the
    /// forward scan, those after it by the backward scan.
    /// </summary>
    public required IReadOnlyList<float> Contribution { get; init; }

    /// <summary>The same for the class token itself.</summary>
    public required double ClassContribution { get; init; }

    /// <summary>The same, added up, for tokens that the method learned.</summary>
    public required double LearnedContribution { get; init; }

    /// <summary>
    /// How much the method changed the patches before the block: the mean of |after - before| / |before|.
    /// </summary>
    public required double PromptMagnitude { get; init; }
}
