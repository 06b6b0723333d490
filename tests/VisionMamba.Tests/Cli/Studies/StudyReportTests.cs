using System.Text.Json.Nodes;
using VisionMamba.Cli.Studies;
using VisionMamba.Cli.Studies.Comparison;
using VisionMamba.Data.Images;
using VisionMamba.Tests.Data;

namespace VisionMamba.Tests.Cli.Studies;

/// <summary>Numbers of the report from records that are written down here.</summary>
public sealed class StudyReportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public StudyReportTests()
    {
        _folder.Write("comparison.json", """
            { "study": "known", "description": "d", "backbone": "b", "backbone_hash": "0123456789abcdef",
              "file": { "tasks": [{ "name": "n" }, { "name": "s" }], "methods": [{ "name": "a" }, { "name": "b" }] } }
            """);
        Add("n", "natural", "a", 0.5, 0.6, 0.7);
        Add("s", "structured", "a", 0.1, 0.2, 0.3);
        Add("n", "natural", "b", 0.9, 0.8, 0.7);
        Add("s", "structured", "b", 0.2, 0.2, 0.2);
        Add("s", "structured", "a.width-8", 0.4, 0.4);
        foreach ((double rate, double? top1) in new (double, double?)[] { (0.01, 0.51), (0.1, 0.525), (1, null) })
        {
            (Record("s", "structured", "b", 0) with
            {
                Tuning = true,
                LearningRate = rate,
                ValidationTop1 = top1,
                ValidationLoss = top1 is null ? null : 1,
                Failed = top1 is null ? "diverged" : null,
            }).Write(_folder.At($"records/s/b/lr-{rate}.json"));
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void MeansDeviationsGroupsAndRanksAreThose()
    {
        StudyResults results = Results();
        Assert.Equal(["a", "b"], results.Methods);
        Measured natural = results.Of("a", "n")!.Accuracy!;
        Assert.Equal(0.6, natural.Mean, 1e-12);
        Assert.Equal(0.1, natural.Deviation!.Value, 1e-12);
        // Of all tasks: seeds 0.3, 0.4, 0.5 for a; 0.55, 0.5, 0.45 for b.
        Assert.Equal(0.4, results.Mean("a", null)!.Mean, 1e-12);
        Assert.Equal(0.1, results.Mean("a", null)!.Deviation!.Value, 1e-12);
        Assert.Equal(0.05, results.Mean("b", null)!.Deviation!.Value, 1e-12);
        Assert.Equal(0.2, results.Mean("a", "structured")!.Mean, 1e-12);
        // Second and shared first; first and shared first.
        Assert.Equal(1.75, results.Rank("a"));
        Assert.Equal(1.25, results.Rank("b"));
        Assert.Null(results.Mean("a.width-8", null));
        Assert.True(results.Of("a", "n")!.AtEdge);
        (string method, string key, IReadOnlyList<(string Value, string Method)> points) = results.Sweeps().Single();
        Assert.Equal(("a", "width"), (method, key));
        Assert.Equal([("8", "a.width-8"), ("16", "a")], points);
    }

    [Fact]
    public void AMissingCellLeavesItsMeansOut()
    {
        File.Delete(_folder.At("records/s/b/seed-0.json"));
        File.Delete(_folder.At("records/s/b/seed-1.json"));
        File.Delete(_folder.At("records/s/b/seed-2.json"));
        StudyResults results = Results();
        Assert.Null(results.Mean("b", null));
        Assert.Equal(0.8, results.Mean("b", "natural")!.Mean, 1e-12);
        // Ranks count where all were measured: task n.
        Assert.Equal((2, 1), (results.Rank("a"), results.Rank("b")));
    }

    [Fact]
    public void ThePageTheChartsAndTheTablesHaveTheNumbers()
    {
        JsonObject written = StudyReport.Write(_folder.Path, _folder.At("out"));
        string page = File.ReadAllText(_folder.At("out/report.html"));
        Assert.Contains("<td class=\"best\">80.0 <span class=\"aside\">± 10.0</span>", page);
        Assert.Contains(">60.0 <span class=\"aside\">± 10.0</span>", page);
        Assert.Contains("<td class=\"best\">1.25", page);
        Assert.Contains("0.1*", page);
        Assert.Contains(
            "<tr><td>b<td>s<td>51.0<td class=\"best\">52.5<td>failed", page.ReplaceLineEndings(""));
        Assert.DoesNotContain("src=\"http", page);
        Assert.Contains("src=\"data:image/png;base64,", page);
        string[] rows = File.ReadAllLines(_folder.At("out/results.csv"));
        Assert.Contains(
            rows, r => r.StartsWith("n,natural,a,0.6,", StringComparison.Ordinal) && r.Contains(",3,0.1,yes,0,77"));
        Assert.Equal(1 + 14 + 3, File.ReadAllLines(_folder.At("out/runs.csv")).Length);
        string[] charts = [.. written["charts"]!.AsArray().Select(c => (string)c!)];
        Assert.Equal(["groups.png", "sweep-a-width.png"], charts.Select(Path.GetFileName));
        foreach (string chart in charts)
        {
            RgbImage image = ImageDecoder.Decode(chart);
            Assert.True(image.Pixels.Distinct().Count() > 20, chart);
        }
    }

    private StudyResults Results()
    {
        var folder = new StudyFolder(_folder.Path);
        return new StudyResults(folder.Records(), folder.Description());
    }

    private void Add(string task, string group, string method, params double[] seeds)
    {
        for (int seed = 0; seed < seeds.Length; seed++)
        {
            (Record(task, group, method, seed) with { TestTop1 = seeds[seed] }).Write(
                _folder.At($"records/{task}/{method}/seed-{seed}.json"));
        }
    }

    private static StudyRecord Record(string task, string group, string method, int seed)
    {
        string[] parts = method.Split('.', '-');
        return new StudyRecord
        {
            Study = "known",
            Task = task,
            Group = group,
            Method = method,
            SweepOf = parts.Length > 1 ? parts[0] : null,
            SweepKey = parts.Length > 1 ? parts[1] : null,
            SweepValue = parts.Length > 1 ? parts[2] : null,
            Swept = method == "a" ? new Dictionary<string, string> { ["width"] = "16" } : [],
            Tuning = false,
            LearningRate = 0.1,
            Seed = (ulong)seed,
            Grid = [0.01, 0.1],
            Arguments = ["--lr", "0.1"],
            Backbone = "0123456789abcdef",
            TrainableParameters = 77,
        };
    }
}
