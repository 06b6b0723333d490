using System.Globalization;
using System.Text.Json.Nodes;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Cli;

/// <summary>The event files of whole runs say what their logs say.</summary>
[Collection(CommandLine.Collection)]
public sealed class TensorBoardTests : IDisposable
{
    private readonly TinyTask _task = new();

    public void Dispose() => _task.Dispose();

    [Fact]
    public void TheCurvesAreTheLogsAlsoOfAResumedRun()
    {
        CommandLine.Succeed([.. OneEpoch, "--model-ema", "--model-ema-decay", "0.5"]);
        CommandLine.Succeed(
            "train", "--output", _task.At("run"), "--resume", "--epochs", "2", "--threads", "1");
        List<EventFileReader.Event>[] files =
            [.. EventFiles.Order(StringComparer.Ordinal).Select(EventFileReader.Read)];
        Assert.Equal(2, files.Length);
        Assert.Equal([1, 2, 3, 4], Curve(files[0], "train/loss").Select(p => p.Step));
        Assert.Equal([5, 6, 7, 8], Curve(files[1], "train/loss").Select(p => p.Step));
        Assert.Equal(5, Assert.Single(files[1], e => e.SessionStart).Step);

        List<EventFileReader.Event> all = [.. files.SelectMany(f => f)];
        JsonNode[] steps = [.. File.ReadAllLines(_task.At("run", "steps.jsonl")).Select(l => JsonNode.Parse(l)!)];
        foreach (string key in new[] { "loss", "learning_rate", "gradient_norm" })
            Assert.Equal(steps.Select(s => ((long)s["step"]!, (float)(double)s[key]!)), Curve(all, $"train/{key}"));

        string[][] table = [.. File.ReadAllLines(_task.At("run", "log.csv")).Select(l => l.Split(','))];
        foreach ((string tag, string column) in new[]
        {
            ("epoch/train_loss", "train_loss"), ("validation/loss", "validation_loss"),
            ("validation/top1", "validation_top1"), ("validation/top5", "validation_top5"),
            ("ema/loss", "ema_validation_loss"), ("ema/top1", "ema_validation_top1"),
            ("ema/top5", "ema_validation_top5"),
        })
        {
            int at = Array.IndexOf(table[0], column);
            float[] values = [.. table[1..].Select(r => (float)double.Parse(r[at], CultureInfo.InvariantCulture))];
            Assert.Equal([(4L, values[0]), (8L, values[1])], Curve(all, tag));
        }
    }

    [Fact]
    public void ThereAreNoneWhereTheyAreNotWanted()
    {
        CommandLine.Succeed([.. OneEpoch, "--tensorboard", "false"]);
        Assert.Equal(4, File.ReadAllLines(_task.At("run", "steps.jsonl")).Length);
        Assert.Empty(EventFiles);
    }

    /// <summary>A run that may go on with more epochs.</summary>
    private string[] OneEpoch
    {
        get
        {
            string[] line = ["train", .. _task.Train, "--sched", "step", "--output", _task.At("run")];
            line[line.IndexOf("--epochs") + 1] = "1";
            return line;
        }
    }

    private string[] EventFiles => Directory.GetFiles(_task.At("run"), "events.out.tfevents.*");

    private static IEnumerable<(long Step, float Value)> Curve(List<EventFileReader.Event> events, string tag) =>
        events.SelectMany(e => e.Values.Where(v => v.Tag == tag).Select(v => (e.Step, v.Value)));
}
