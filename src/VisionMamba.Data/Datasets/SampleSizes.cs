using System.Text.RegularExpressions;

namespace VisionMamba.Data.Datasets;

/// <summary>How many images a small task draws from a data set's training part, as VTAB-1k does.</summary>
/// <param name="Train">To train on.</param>
/// <param name="Validation">To validate on.</param>
public sealed partial record SampleSizes(int Train, int Validation)
{
    /// <summary>VTAB-1k's: 800 and 200.</summary>
    public static SampleSizes Vtab { get; } = new(800, 200);

    /// <summary>Reads "train800val200".</summary>
    /// <exception cref="VisionMambaException">It is written otherwise.</exception>
    public static SampleSizes Parse(string text) => Form().Match(text ?? "") is { Success: true } match
        && int.TryParse(match.Groups[1].ValueSpan, out int train) && train > 0
        && int.TryParse(match.Groups[2].ValueSpan, out int validation) && validation > 0
            ? new SampleSizes(train, validation)
            : throw new VisionMambaException($"--sample: must be like train800val200, not '{text}'");

    /// <inheritdoc/>
    public override string ToString() => $"train{Train}val{Validation}";

    /// <summary>
    /// Draws both parts, the classes taking turns, so that each has as many images as the others until it has no more.
    /// </summary>
    internal (List<Sample> Train, List<Sample> Validation) Draw(
        IReadOnlyList<Sample> samples, int classes, ulong seed, string name)
    {
        if (samples.Count < Train + Validation)
            throw new VisionMambaException(
                $"--sample: {this} needs {Train + Validation} images, {name} has {samples.Count} to train on");
        int[] turns = StratifiedSplit.Turns(samples, classes, seed);
        List<Sample> InOrder(int first, int count) =>
            [.. turns.AsSpan(first, count).ToArray().Order().Select(i => samples[i])];
        return (InOrder(0, Train), InOrder(Train, Validation));
    }

    [GeneratedRegex(@"^train(\d{1,9})val(\d{1,9})$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
