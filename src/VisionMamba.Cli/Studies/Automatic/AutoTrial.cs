using System.Diagnostics;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Runs;
using VisionMamba.Training;

namespace VisionMamba.Cli.Studies.Automatic;

/// <summary>What an arm reached in a round.</summary>
internal sealed record AutoTrial(
    AutoArm Arm, double? Top1, double? Loss, long Trainable, double Seconds, string? Failed)
{
    public static AutoTrial Of(AutoArm arm, RunRecord run) => new(
        arm, run.Last?.ValidationTop1, run.Last?.ValidationLoss, run.TrainableParameters,
        run.Epochs.Sum(e => e.Seconds), (string?)run.Result?["failed"]);

    /// <summary>
    /// Best first: by validation top-1 after the last epoch, then validation loss, then fewer trained parameters.
    /// </summary>
    public static IReadOnlyList<AutoTrial> Ordered(IEnumerable<AutoTrial> trials) =>
        [.. trials.OrderBy(t => t.Failed is not null).ThenByDescending(t => t.Top1).ThenBy(t => t.Loss)
            .ThenBy(t => t.Trainable)];
}

/// <summary>A round: how long its arms trained, and what they reached, best first.</summary>
internal sealed record AutoRoundResult(AutoRound Round, IReadOnlyList<AutoTrial> Trials);

/// <summary>Shows where a trial is.</summary>
internal sealed class AutoProgress(string arm) : ITrainingProgress, IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);
    private readonly CountProgress _line = new("");
    private readonly Stopwatch _since = Stopwatch.StartNew();

    /// <inheritdoc/>
    public void Step(int epoch, int step, int steps, double loss, double imagesPerSecond, TimeSpan remaining)
    {
        if (_since.Elapsed < s_interval)
            return;
        _since.Restart();
        _line.Show(FormattableString.Invariant(
            $"auto: {arm}: epoch {epoch + 1}, step {step}/{steps}, loss {loss:F4}, {imagesPerSecond:F1} images/s"));
    }

    /// <inheritdoc/>
    public void Epoch(int epoch, double trainLoss, Metrics validation, bool best) => _line.Dispose();

    public void Dispose() => _line.Dispose();
}
