using System.Diagnostics;
using System.Globalization;
using VisionMamba.Cli.Output;
using VisionMamba.Training;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>How far a study is: runs done and in all, time left, and where the run in progress is.</summary>
internal sealed class StudyProgress(StudyPlan plan, StudyFolder folder, StudyCosts costs, int processes)
    : ITrainingProgress, IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);
    private readonly CountProgress _line = new("");
    private readonly TextWriter _log = Console.Error;
    private readonly Stopwatch _since = Stopwatch.StartNew(), _unit = new();
    private double _estimated, _taken;
    private string _now = "", _state = "";

    /// <summary>Runs that are recorded, of all that are known to be needed.</summary>
    public (int Done, int Total) Count
    {
        get
        {
            int all = plan.Cells.Sum(c => StudyChoice.Tuning(folder, plan.File, c).Count + c.Seeds.Count);
            return (all - plan.Cells.Sum(c => StudyChoice.Left(folder, plan.File, c).Count), all);
        }
    }

    /// <summary>A run begins.</summary>
    public void Begin(StudyUnit unit)
    {
        _now = unit.Id;
        _unit.Restart();
        (int done, int total) = Count;
        _state = $"{done} of {total} runs, {Left()}";
        _line.Show(Text(""));
    }

    /// <summary>A run is recorded.</summary>
    public void End(StudyCell cell, StudyUnit unit, StudyRecord record)
    {
        _estimated += costs.Seconds(cell, unit);
        _taken += _unit.Elapsed.TotalSeconds;
        string result = record.Failed is { } failed ? $"failed: {failed}" : string.Create(
            CultureInfo.InvariantCulture, $"validation {100 * record.ValidationTop1:F1} %")
            + (record.TestTop1 is { } test ? string.Create(CultureInfo.InvariantCulture, $", test {100 * test:F1} %")
                : "");
        _line.Dispose();
        (int done, int total) = Count;
        _log.WriteLine($"[{done}/{total}] {unit.Id}: {result} ({Durations.Words(_unit.Elapsed)}); {Left()}");
    }

    /// <inheritdoc/>
    public void Step(int epoch, int step, int steps, double loss, double imagesPerSecond, TimeSpan remaining)
    {
        if (_since.Elapsed < s_interval)
            return;
        _since.Restart();
        _line.Show(Text(string.Create(
            CultureInfo.InvariantCulture,
            $": epoch {epoch + 1}, step {step}/{steps}, loss {loss:F4}, {imagesPerSecond:F1} images/s")));
    }

    /// <inheritdoc/>
    public void Epoch(int epoch, double trainLoss, Metrics validation, bool best) =>
        _line.Show(Text($": epoch {epoch + 1}, validation {validation.Top1:P1}"));

    public void Dispose() => _line.Dispose();

    /// <summary>The estimate of what is left, corrected by how wrong the estimates were so far.</summary>
    public TimeSpan Remaining()
    {
        double left = plan.Cells.Sum(
            c => StudyChoice.Left(folder, plan.File, c).Sum(u => costs.Seconds(c, u)));
        double correction = _estimated > 0 ? _taken / _estimated : 1;
        return TimeSpan.FromSeconds(left * correction / processes);
    }

    private string Text(string detail) => $"{plan.File.Name}: {_state}; now {_now}{detail}";

    private string Left() => $"{Durations.Words(Remaining())} left";
}
