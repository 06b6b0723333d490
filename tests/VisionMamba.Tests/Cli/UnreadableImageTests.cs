using System.Text.Json.Nodes;
using VisionMamba.Tests.Data;

namespace VisionMamba.Tests.Cli;

/// <summary>A damaged picture among good ones: fatal by default, left out and counted by choice.</summary>
[Collection(CommandLine.Collection)]
public sealed class UnreadableImageTests(TinyRun run) : IClassFixture<TinyRun>
{
    [Fact]
    public void TrainingNamesTheFileAndStops()
    {
        using TemporaryFolder data = Damaged();
        CommandResult result = CommandLine.Run(Train(data, data.At("run")));
        Assert.Equal(1, result.Code);
        Assert.Contains("bad.png", result.Log.TrimEnd('\n').Split('\n')[^1], StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public void TrainingLeavesThemOutAndSaysSo()
    {
        using TemporaryFolder data = Damaged();
        CommandResult result = CommandLine.Succeed(Train(data, data.At("run"), "--on-bad-image", "skip"));
        Assert.Contains("left out: ", result.Log, StringComparison.Ordinal);
        JsonNode counts = JsonNode.Parse(File.ReadAllText(data.At("run/run.json")))!["counts"]!;
        Assert.Contains("2 unreadable images left out", (string)counts["split"]!, StringComparison.Ordinal);
        Assert.Equal(24, (int)counts["train"]!["images"]! + (int)counts["validation"]!["images"]!);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    public void ARunIsRepeatableWhateverTheWorkers(string workers)
    {
        using TemporaryFolder data = Damaged();
        CommandLine.Succeed(Train(data, data.At("run"), "--on-bad-image", "skip", "--workers", workers));
        using var skipped = VisionMamba.Tensors.Files.TensorFile.Open(data.At("run/last.safetensors"));
        using var again = VisionMamba.Tensors.Files.TensorFile.Open(Reference(data));
        foreach (string name in again.Tensors.Keys)
            Assert.True(again.Tensors[name].ToTensor().Span.SequenceEqual(skipped.Tensors[name].ToTensor().Span), name);
    }

    [Fact]
    public void EvaluationDoesNotCountThem()
    {
        using TemporaryFolder data = Damaged();
        string[] command = ["evaluate", "--checkpoint", run.Checkpoint, "--data", data.At("data"), "--json"];
        CommandResult failed = CommandLine.Run(command);
        Assert.Equal(1, failed.Code);
        Assert.Contains("bad.png", failed.Log, StringComparison.Ordinal);
        JsonNode report = CommandLine.Succeed([.. command, "--on-bad-image", "skip"]).Json;
        Assert.Equal(12, (int)report["images"]!);
        Assert.Contains("unreadable", (string)report["split"]!, StringComparison.Ordinal);
    }

    [Fact]
    public void PredictionGoesOnAndTellsByItsExitCode()
    {
        run.Write("cut.png", "\u0089PNG");
        string[] arguments =
            ["predict", "--checkpoint", run.Checkpoint, run.Picture, run.At("cut.png"), run.Picture, "--json"];
        CommandResult failed = CommandLine.Run(arguments);
        Assert.Equal((1, ""), (failed.Code, failed.Output));
        CommandResult skipped = CommandLine.Run([.. arguments, "--on-bad-image", "skip"]);
        Assert.Equal(1, skipped.Code);
        var images = (JsonArray)skipped.Json["images"]!;
        Assert.Equal(3, images.Count);
        Assert.Contains("cut.png", (string)images[1]!["error"]!, StringComparison.Ordinal);
        Assert.Null(images[1]!["top"]);
        Assert.Equal(images[0]!.ToJsonString(), images[2]!.ToJsonString());
        Assert.StartsWith("skipped: " + run.At("cut.png"), skipped.Log, StringComparison.Ordinal);
    }

    private string[] Train(TemporaryFolder data, string output, params string[] more) =>
    [
        "train", "--data", data.At("data"), "--backbone", run.Backbone, "--method", "linear", "--batch", "8",
        "--epochs", "1", "--validation-fraction", "0.25", "--output", output, "--json", .. more,
    ];

    /// <summary>A run that left the same images out, with two workers.</summary>
    private string Reference(TemporaryFolder data)
    {
        CommandLine.Succeed(Train(data, data.At("reference"), "--on-bad-image", "skip"));
        return data.At("reference/last.safetensors");
    }

    /// <summary>The tiny data with one truncated picture in each part.</summary>
    private TemporaryFolder Damaged()
    {
        var folder = new TemporaryFolder();
        foreach (string file in Directory.GetFiles(run.Data, "*.png", SearchOption.AllDirectories))
        {
            string to = folder.At(Path.Combine("data", Path.GetRelativePath(run.Data, file)));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        foreach (string part in new[] { "train", "test" })
        {
            string good = Directory.GetFiles(folder.At($"data/{part}"), "*.png", SearchOption.AllDirectories)
                .Order().First();
            byte[] bytes = File.ReadAllBytes(good);
            File.WriteAllBytes(Path.Combine(Path.GetDirectoryName(good)!, "bad.png"), bytes[..40]);
        }

        return folder;
    }
}
