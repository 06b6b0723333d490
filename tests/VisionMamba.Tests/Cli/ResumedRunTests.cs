using System.Text.Json.Nodes;
using VisionMamba.Cli.Runs;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Cli;

/// <summary>svp train --resume: what goes on, what is kept, what is refused.</summary>
[Collection(CommandLine.Collection)]
public sealed class ResumedRunTests : IDisposable
{
    private readonly TinyTask _task = new();


    public void Dispose() => _task.Dispose();

    [Fact]
    public void ThePrecisionIsTheRunsOwn()
    {
        CommandLine.Succeed([.. Growing(2, "whole"), "--precision", "bf16"]);
        CommandLine.Succeed([.. Growing(1, "cut"), "--precision", "bf16"]);
        string[] resume = ["train", "--output", _task.At("cut"), "--resume", "--epochs", "2", "--threads", "1"];
        CommandResult refused = CommandLine.Run([.. resume, "--precision", "fp32"]);
        Assert.Equal(2, refused.Code);
        Assert.Contains("--precision: with --resume", refused.Log);
        CommandLine.Succeed(resume);
        Assert.Equal(Steps("whole"), Steps("cut"));
        CommandLine.Succeed(Growing(2, "other"));
        Assert.NotEqual(Steps("whole"), Steps("other"));
    }

    [Fact]
    public void SeveralSeedsAreOfOnePrecision()
    {
        CommandLine.Succeed([.. Growing(2, "seeds"), "--precision", "bf16", "--seeds", "2"]);
        Directory.Delete(_task.At("seeds", "seed-1"), recursive: true);
        string whole = Steps("seeds/seed-0");
        Assert.Equal(2, CommandLine.Run(
            ["train", "--output", _task.At("seeds"), "--resume", "--precision", "bf16"]).Code);
        CommandLine.Succeed(["train", "--output", _task.At("seeds"), "--resume", "--threads", "1"]);
        Assert.Equal(whole, Steps("seeds/seed-0"));
        Assert.Equal("bf16", (string)Json("seeds/seed-1/run.json")["options"]!["Precision"]!);
    }

    [Fact]
    public void ARunThatAnotherProcessHasIsLeftAlone()
    {
        CommandLine.Succeed(Growing(1, "run"));
        string before = File.ReadAllText(_task.At("run", "run.json"));
        using (RunLock.Take(_task.At("run")))
        {
            CommandResult result = CommandLine.Run(
                ["train", "--output", _task.At("run"), "--resume", "--epochs", "2"]);
            Assert.Equal(1, result.Code);
            Assert.Contains("another svp", result.Log);
        }

        Assert.Equal(before, File.ReadAllText(_task.At("run", "run.json")));
        Assert.True(File.Exists(_task.At("run", ".lock")));
    }

    [Fact]
    public void AResultThatIsThereStaysAndOneThatIsNotIsMadeOfWhatIsKnown()
    {
        CommandLine.Succeed(
            ["train", .. _task.Train, "--model-ema", "--model-ema-decay", "0.9", "--output", _task.At("run")]);
        string file = _task.At("run", "result.json"), text = File.ReadAllText(file);
        string[] resume = ["train", "--output", _task.At("run"), "--resume", "--json"];
        JsonNode shown = CommandLine.Succeed(resume).Json;
        Assert.Equal(text, File.ReadAllText(file));
        JsonNode first = JsonNode.Parse(text)!;
        Assert.Equal((double)first["images_per_second"]!, (double)shown["images_per_second"]!);
        File.Delete(file);
        JsonNode second = CommandLine.Succeed(resume).Json;
        foreach (string key in new[] { "validation_top1_last", "validation_top1_ema_last", "test_top1_last" })
            Assert.Equal((double)first[key]!, (double)second[key]!);
        Assert.Null(second["images_per_second"]);
        Assert.Null(second["step_peak_bytes"]);
    }

    [Fact]
    public void ARunGoesOnWithImagesThatWereMoved()
    {
        CommandLine.Succeed(Growing(1, "run"));
        Directory.Move(_task.At("data"), _task.At("moved"));
        string[] resume = ["train", "--output", _task.At("run"), "--resume", "--epochs", "2", "--threads", "1"];
        Assert.Equal(1, CommandLine.Run(resume).Code);
        CommandLine.Succeed([.. resume, "--data", _task.At("moved")]);
        Assert.Equal(_task.At("moved"), (string)Json("run/run.json")["data"]!["Folder"]!);
        Assert.Equal(2, File.ReadAllLines(_task.At("run", "log.csv")).Length - 1);
    }

    [Fact]
    public void TheDataIsFoundFromAnyFolder()
    {
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, _task.At("data"));
        string[] Line(string output) =>
            [.. Growing(1, output).Select(word => word == _task.At("data") ? relative : word)];
        CommandLine.Succeed(Line("run"));
        Assert.Equal(_task.At("data"), (string)Json("run/run.json")["data"]!["Folder"]!);
        CommandLine.Succeed([.. Line("seeds"), "--seeds", "1"]);
        Assert.Contains(_task.At("data"), Json("seeds/study.json")["Common"]!.AsArray().Select(word => (string)word!));
    }

    /// <summary>A run that may go on with more epochs than it was begun with.</summary>
    private string[] Growing(int epochs, string output)
    {
        string[] line = ["train", .. _task.Train, "--sched", "step", "--output", _task.At(output)];
        line[line.IndexOf("--epochs") + 1] = $"{epochs}";
        return line;
    }

    private string Steps(string run) => File.ReadAllText(_task.At(run, "steps.jsonl"));

    private JsonNode Json(string file) => JsonNode.Parse(File.ReadAllText(_task.At(file)))!;
}
