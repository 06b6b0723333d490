using System.Text.Json.Nodes;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>One method on one task, as far as it was measured.</summary>
/// <param name="Test">Test top-1 by seed.</param>
/// <param name="LearningRate">The chosen one.</param>
/// <param name="AtEdge">Whether it is the least or the largest that was tried: the best may lie beyond.</param>
/// <param name="Failed">Runs that diverged, tuning included.</param>
internal sealed record StudyResult(
    IReadOnlyDictionary<ulong, double> Test, double? LearningRate, bool AtEdge, int Failed)
{
    public Measured? Accuracy { get; } = Measured.Of([.. Test.Values]);
}

/// <summary>The records of a study as tables: cells, means of groups, ranks.</summary>
internal sealed class StudyResults
{
    private readonly Dictionary<(string Method, string Task), StudyResult> _cells;

    public StudyResults(IReadOnlyList<StudyRecord> records, JsonObject description)
    {
        Records = records;
        string[] tasks = Names(description, "tasks"), methods = Names(description, "methods");
        Tasks = [.. records.Select(r => (r.Task, r.Group)).Distinct().OrderBy(t => Array.IndexOf(tasks, t.Task))];
        Methods = [.. records.Where(r => r.SweepOf is null).Select(r => r.Method).Distinct()
            .OrderBy(m => Array.IndexOf(methods, m))];
        Groups = [.. Tasks.Select(t => t.Group).Distinct()];
        _cells = records.GroupBy(r => (r.Method, r.Task)).ToDictionary(g => g.Key, g => Cell([.. g], records));
    }

    public IReadOnlyList<StudyRecord> Records { get; }

    /// <summary>The tasks with their groups, in the study's order.</summary>
    public IReadOnlyList<(string Name, string Group)> Tasks { get; }

    /// <summary>The methods of their own, in the study's order.</summary>
    public IReadOnlyList<string> Methods { get; }

    public IReadOnlyList<string> Groups { get; }

    /// <summary>A method, or a point of a sweep, on a task; null where nothing was recorded.</summary>
    public StudyResult? Of(string method, string task) => _cells.GetValueOrDefault((method, task));

    /// <summary>
    /// The mean over the tasks of a group, or over all where null: a mean for every seed, then mean and deviation over
    /// the seeds. Null unless the method was measured on all of them.
    /// </summary>
    public Measured? Mean(string method, string? group)
    {
        StudyResult?[] cells = [.. Tasks.Where(t => group is null || t.Group == group).Select(t => Of(method, t.Name))];
        if (cells.Length == 0 || cells.Any(c => c?.Accuracy is null))
            return null;
        ulong[] seeds = [.. cells.Select(c => c!.Test.Keys).Aggregate(
            (IEnumerable<ulong>)cells[0]!.Test.Keys, (all, own) => all.Intersect(own)).Order()];
        return Measured.Of([.. seeds.Select(s => cells.Average(c => c!.Test[s]))]);
    }

    /// <summary>
    /// The mean place among the methods (1 is best, equals share theirs) over the tasks on which all of them were
    /// measured; null where the method or such a task is missing.
    /// </summary>
    public double? Rank(string method)
    {
        string[] shared = [.. Tasks.Select(t => t.Name).Where(t => Methods.All(m => Of(m, t)?.Accuracy is not null))];
        return shared.Length == 0 || !Methods.Contains(method) ? null : shared.Average(task =>
        {
            double own = Of(method, task)!.Accuracy!.Mean;
            double[] all = [.. Methods.Select(m => Of(m, task)!.Accuracy!.Mean)];
            return 1 + all.Count(v => v > own) + (all.Count(v => v == own) - 1) / 2.0;
        });
    }

    /// <summary>The sweeps: method, setting, and its points in order, the method's own value among them.</summary>
    public IEnumerable<(string Method, string Key, IReadOnlyList<(string Value, string Method)> Points)> Sweeps() =>
        Records.Where(r => r.SweepOf is not null).GroupBy(r => (Of: r.SweepOf!, Key: r.SweepKey!)).Select(sweep =>
        {
            List<(string Value, string Method)> points =
                [.. sweep.Select(r => (r.SweepValue!, r.Method)).Distinct()];
            if (Records.FirstOrDefault(r => r.Method == sweep.Key.Of && r.Swept.ContainsKey(sweep.Key.Key)) is { } own)
                points.Add((own.Swept[sweep.Key.Key], own.Method));
            bool numbers = points.All(p => Number(p.Value) is not null);
            return (sweep.Key.Of, sweep.Key.Key, (IReadOnlyList<(string, string)>)[.. numbers
                ? points.OrderBy(p => Number(p.Value)) : points.OrderBy(p => p.Value, StringComparer.Ordinal)]);
        });

    private static double? Number(string text) => double.TryParse(
        text, System.Globalization.CultureInfo.InvariantCulture, out double value) ? value : null;

    private static StudyResult Cell(StudyRecord[] own, IReadOnlyList<StudyRecord> all)
    {
        StudyRecord[] seeds = [.. own.Where(r => !r.Tuning && r.Failed is null && r.TestTop1 is not null)];
        StudyRecord[] tuned = [.. own.Where(r => r.Tuning)];
        // A point of a sweep that tuned nothing took its method's rate.
        if (tuned.Length == 0 && own[0].SweepOf is { } method)
            tuned = [.. all.Where(r => r.Tuning && r.Method == method && r.Task == own[0].Task)];
        double? rate = seeds.Length > 0 ? seeds[0].LearningRate : StudyChoice.Best(tuned)?.LearningRate;
        double[] tried = [.. own[0].Grid, .. tuned.Select(r => r.LearningRate)];
        bool edge = rate is not null && tried.Length > 1 && (rate == tried.Min() || rate == tried.Max());
        return new StudyResult(
            seeds.ToDictionary(r => r.Seed, r => r.TestTop1!.Value), rate, edge, own.Count(r => r.Failed is not null));
    }

    private static string[] Names(JsonObject description, string key) =>
        [.. (description["file"]?[key] as JsonArray ?? []).Select(n => (string?)n?["name"] ?? "")];
}
