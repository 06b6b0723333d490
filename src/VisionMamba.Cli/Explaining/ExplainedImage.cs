using VisionMamba.Data.Images;
using VisionMamba.Models.Explaining;
using VisionMamba.Training.Losses;

namespace VisionMamba.Cli.Explaining;

/// <summary>One image's explanation by a model, and by the same backbone without its tuning method.</summary>
/// <param name="Path">The file.</param>
/// <param name="Picture">What the model saw of it.</param>
/// <param name="With">The model's.</param>
/// <param name="Without">The backbone's with the same head; null where the method adds nothing to take away.</param>
/// <param name="ClassName">The class explained.</param>
internal sealed record ExplainedImage(
    string Path, RgbImage Picture, Explanation With, Explanation? Without, string ClassName)
{
    /// <summary>The maps of a block that are drawn, in order.</summary>
    public static IReadOnlyList<(string Name, string What, Func<BlockExplanation, IReadOnlyList<float>> Map)> Maps
    { get; } =
    [
        ("delta", "step size", b => b.Delta),
        ("input gate", "|delta B|", b => b.InputGate),
        ("forget gate", "exp(delta A)", b => b.ForgetGate),
        ("to class token", "|1/2 silu(z) alpha u|", b => b.Contribution),
    ];

    /// <summary>
    /// How much the method changes each block, and what that is: the tokens before it; where those stay as they are, as
    /// with LoRA, its input gate; zeros where there is nothing to compare with.
    /// </summary>
    public (string What, IReadOnlyList<double> ByBlock) Changes
    {
        get
        {
            double[] prompts = [.. With.Blocks.Select(b => b.PromptMagnitude)];
            return prompts.Any(p => p > 0) || Without is null
                ? ("prompt magnitude by block, |added| / |token|", prompts)
                : ("change of the input gate by block, |with - without| / |without|",
                    [.. With.Blocks.Zip(Without.Blocks, (with, without) => Change(with.InputGate, without.InputGate))]);
        }
    }

    private static double Change(IReadOnlyList<float> with, IReadOnlyList<float> without) =>
        with.Zip(without, (a, b) => Math.Abs((double)a - b)).Sum()
        / Math.Max(without.Sum(v => Math.Abs((double)v)), double.Epsilon);

    /// <summary>The probability of the class explained.</summary>
    public static double Probability(Explanation e) => SoftTargets.Probabilities([.. e.Logits])[e.Class];

    /// <summary>At most <paramref name="most"/> of the blocks, evenly from the first to the last.</summary>
    public static int[] Blocks(int depth, int most) => depth <= most ? [.. Enumerable.Range(0, depth)]
        : [.. Enumerable.Range(0, most).Select(i => (int)Math.Round(i * (depth - 1.0) / (most - 1)))];
}
