using System.Text.Json.Nodes;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Cli;

/// <summary>What a newcomer meets first: few epochs, folders, tuned models, files that are no folders.</summary>
[Collection(CommandLine.Collection)]
public sealed class FirstMistakesTests : IDisposable
{
    private readonly TinyTask _task = new();

    public void Dispose() => _task.Dispose();

    [Theory]
    [InlineData(2, 0, null)]
    [InlineData(8, 2, null)]
    [InlineData(100, 5, null)]
    [InlineData(8, 5, "5")]
    public void FewEpochsWarmUpForAQuarterOfThemUnlessSaid(int epochs, int expected, string? given)
    {
        string[] warmup = given is null ? [] : ["--warmup-epochs", given];
        JsonNode plan = CommandLine.Succeed(
        [
            "train", "--data", _task.At("data"), "--backbone", _task.At("backbone.safetensors"), "--method", "linear",
            "--epochs", $"{epochs}", .. warmup, "--dry-run", "--json",
        ]).Json;
        JsonNode setting = plan["settings"]!["warmup_epochs"]!;
        Assert.Equal(expected, (int)setting["value"]!);
        Assert.Equal(
            given is not null ? "flag" : expected == 5 ? "default" : "a quarter of --epochs", (string)setting["from"]!);
    }

    [Fact]
    public void AWarmUpWithoutAnEndIsSaid()
    {
        CommandResult result = CommandLine.Succeed(
            ["train", .. Without("--warmup-epochs"), "--warmup-epochs", "2", "--output", _task.At("run")]);
        Assert.Contains("--warmup-epochs 2: all 2 epochs warm up", result.Log);
    }

    [Fact]
    public void WhatATunedModelLosesAsABackboneIsSaid()
    {
        CommandLine.Succeed(["train", .. _task.Train, "--output", _task.At("first")]);
        string[] second =
        [
            "train", .. Without("--backbone"), "--backbone", _task.At("first", "best.safetensors"),
            "--output", _task.At("second"),
        ];
        Assert.Contains("that adapted it to its task (prompt_", CommandLine.Succeed(second).Log);
        Assert.DoesNotContain("adapted it", CommandLine.Succeed(
            ["train", .. _task.Train, "--output", _task.At("third")]).Log);
    }

    [Fact]
    public void TheDefaultsFitAShallowBackbone()
    {
        CommandLine.Succeed(["train", .. Without("--shared-layers"), "--output", _task.At("run")]);
        JsonNode run = JsonNode.Parse(File.ReadAllText(_task.At("run", "run.json")))!;
        Assert.Equal((int)run["model"]!["depth"]!, (int)run["method"]!["settings"]!["shared_layers"]!);
    }

    [Theory]
    [InlineData(2, "--output: is empty", "train", "--data", "x", "--output", "")]
    [InlineData(2, "--backbone: is empty", "train", "--backbone", " ", "--output", "x")]
    [InlineData(2, "FILE: is a file; give a folder", "train", "--data", "x", "--output", "FILE")]
    [InlineData(2, "as a whole number", "train", "--epochs", "abc")]
    [InlineData(2, "as a whole number, 0 or more", "train", "--seed", "-1")]
    [InlineData(2, "is written as .csv", "predict", "--checkpoint", "x", "--output", "a.txt", "FILE")]
    [InlineData(2, ".svg is not written", "explain", "--checkpoint", "x", "--output", "a.svg", "FILE")]
    [InlineData(1, "holds no image files", "predict", "--checkpoint", "x", "EMPTY")]
    public void OneClearLine(int code, string says, params string[] line)
    {
        File.WriteAllText(_task.At("FILE"), "text");
        Directory.CreateDirectory(_task.At("EMPTY"));
        CommandResult result = CommandLine.Run(
            [.. line.Select(word => word is "FILE" or "EMPTY" ? _task.At(word) : word)]);
        Assert.Equal(code, result.Code);
        Assert.Contains(says, result.Log);
        Assert.Equal(1, result.Log.Count(c => c == '\n'));
    }

    [Fact]
    public void AFolderIsPredictedAndWrittenAsATable()
    {
        CommandLine.Succeed(["train", .. _task.Train, "--output", _task.At("run")]);
        // What a table has to quote: a comma everywhere, a quotation mark where the system allows it in a name.
        string broken = _task.At("data", "test", OperatingSystem.IsWindows() ? "broken, b.png" : "broken, \"b\".png");
        File.WriteAllText(broken, "no picture");
        CommandResult result = CommandLine.Run(
            "predict", "--checkpoint", _task.At("run", "best.safetensors"), _task.At("data", "test"), "--json",
            "--on-bad-image", "skip", "--output", _task.At("answers.csv"), "--top", "2");
        Assert.Equal(1, result.Code);
        JsonArray images = result.Json["images"]!.AsArray();
        Assert.Equal(5, images.Count);
        string[] rows = File.ReadAllLines(_task.At("answers.csv"));
        Assert.Equal("path,class,probability,class_2,probability_2", rows[0]);
        Assert.Equal($"\"{broken.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", rows[1]);
        JsonNode second = images[1]!;
        Assert.StartsWith($"{second["path"]},{second["top"]![0]!["class"]},", rows[2]);
        Assert.Equal(5, rows[2].Split(',').Length);
    }

    /// <summary>The arguments of a run without one flag and its value.</summary>
    private string[] Without(string flag)
    {
        int at = _task.Train.IndexOf(flag);
        return [.. _task.Train[..at], .. _task.Train[(at + 2)..]];
    }
}
