using System.Text.Json.Nodes;
using VisionMamba.Tests.Data;

namespace VisionMamba.Tests.Cli;

/// <summary>Folders that people have: one class, no parts, some of the classes, what is no image.</summary>
[Collection(CommandLine.Collection)]
public sealed class OwnFolderTests(TinyRun run) : IClassFixture<TinyRun>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("train --method linear --backbone BACKBONE")]
    [InlineData("train --method auto --backbone BACKBONE")]
    [InlineData("train --method linear --backbone BACKBONE --dry-run")]
    [InlineData("pretrain --dim 16 --depth 1")]
    [InlineData("tune --method linear --backbone BACKBONE")]
    public void OneClassIsNothingToTrainOn(string line)
    {
        Fill("proj/images");
        string[] words = [.. line.Split(' ').Select(word => word == "BACKBONE" ? run.Backbone : word)];
        CommandResult result = CommandLine.Run(
            [.. words, "--data", _folder.At("proj"), "--output", _folder.At("out")]);
        Assert.Equal(1, result.Code);
        Assert.Equal(
            $"svp: {_folder.At("proj")}: has one class only ('images'); give the folder that holds the class folders, "
            + $"perhaps {_folder.At("proj/images")}",
            result.Log.TrimEnd().Split('\n')[^1]);
        Assert.False(Directory.Exists(_folder.At("out")));
    }

    [Fact]
    public void AFolderOfOnesOwnIsMeasuredWhole()
    {
        Fill("mine");
        CommandResult result = Evaluate("mine", "--output", _folder.At("out"));
        Assert.Equal(12, (int)result.Json["images"]!);
        Assert.Equal("all images of the folder", (string)result.Json["split"]!);
        string[] rows = File.ReadAllLines(_folder.At("out/predictions.csv"));
        Assert.Equal("path,class,predicted,probability", rows[0]);
        Assert.Equal(12, rows.Length - 1);
        int right = rows.Skip(1).Count(row => row.Split(',') is var cells && cells[1] == cells[2]);
        Assert.Equal(right / 12.0, (double)result.Json["top1"]!, 1e-9);
        Assert.Contains("mine/", rows[1].Split(',')[0]);
        Assert.True((int)Evaluate("mine", "--split", "validation").Json["images"]! < 12);
    }

    [Fact]
    public void OfTheRunsOwnFolderWhatItHeldOut()
    {
        Fill("own");
        string[] line = run.TrainArguments("unused");
        line[line.IndexOf("--data") + 1] = _folder.At("own");
        line[line.IndexOf("--output") + 1] = _folder.At("run");
        CommandLine.Succeed(line);
        string model = _folder.At("run/best.safetensors");
        JsonNode settings = JsonNode.Parse(File.ReadAllText(_folder.At("run/run.json")))!;
        int heldOut = (int)settings["counts"]!["validation"]!["images"]!;
        CommandResult result = Evaluate("own", "--checkpoint", model);
        Assert.Equal(heldOut, (int)result.Json["images"]!);
        Assert.Contains("--split all", result.Log);
        Assert.Equal(12, (int)Evaluate("own", "--checkpoint", model, "--split", "all").Json["images"]!);
        // One more image is still the run's folder.
        string one = Directory.GetFiles(_folder.At("own"), "*.png", SearchOption.AllDirectories)[0];
        File.Copy(one, one.Replace(".png", "b.png"));
        Assert.True((int)Evaluate("own", "--checkpoint", model).Json["images"]! < 12);
    }

    [Fact]
    public void WhatCannotBeCutIsMeasuredWhole()
    {
        Fill("single");
        foreach (string folder in Directory.GetDirectories(_folder.At("single")))
            Array.ForEach(Directory.GetFiles(folder)[1..], File.Delete);
        Assert.Equal(3, (int)Evaluate("single").Json["images"]!);
    }

    [Fact]
    public void ATiffIsRefusedBeforeTheStart()
    {
        Fill("tiff/train");
        string tiff = Directory.GetFiles(_folder.At("tiff/train"), "*.png", SearchOption.AllDirectories)[0] + ".tif";
        File.WriteAllText(tiff, "II*");
        string[] line = run.TrainArguments("unused");
        line[line.IndexOf("--data") + 1] = _folder.At("tiff");
        line[line.IndexOf("--output") + 1] = _folder.At("run");
        CommandResult result = CommandLine.Run(line);
        Assert.Equal(1, result.Code);
        Assert.Contains($"{tiff}: TIFF images are not read", result.Log);
        Assert.False(Directory.Exists(_folder.At("run")));
    }

    [Theory]
    [InlineData("test")]
    [InlineData("val")]
    public void APartAloneIsMeasured(string part)
    {
        Fill($"alone/{part}");
        Assert.Equal(12, (int)Evaluate("alone").Json["images"]!);
        CommandResult train = CommandLine.Run(
            [.. run.TrainArguments("unused")[..2], _folder.At("alone"), .. run.TrainArguments("unused")[3..]]);
        Assert.Equal(1, train.Code);
        Assert.Contains("no train/", train.Log);
    }

    [Fact]
    public void SomeOfTheClassesAreMatchedByName()
    {
        string[] classes = [.. Directory.GetDirectories(run.At("data/test")).Select(Path.GetFileName).Order()!];
        Fill("some", classes[2]);
        JsonNode some = Evaluate("some").Json, all = CommandLine.Succeed(
            "evaluate", "--checkpoint", run.Checkpoint, "--data", run.Data, "--json").Json;
        Assert.Equal(4, (int)some["images"]!);
        Assert.Equal((double)all["per_class_top1"]![classes[2]]!, (double)some["per_class_top1"]![classes[2]]!);
        Directory.Move(_folder.At($"some/{classes[2]}"), _folder.At("some/another"));
        CommandResult refused = CommandLine.Run(
            "evaluate", "--checkpoint", run.Checkpoint, "--data", _folder.At("some"));
        Assert.Equal(1, refused.Code);
        Assert.Contains("has no class 'another'", refused.Log);
    }

    [Fact]
    public void OnlyWhatIsMeasuredIsDecodedBefore()
    {
        Fill("parts/train");
        Fill("parts/test");
        CommandResult result = Evaluate("parts", "--on-bad-image", "skip");
        Assert.Contains("decoding the 12 images of parts test once", result.Log);
        Assert.DoesNotContain("parts train", result.Log);
    }

    [Fact]
    public void ABadImageSaysWhatHelps()
    {
        Fill("bad/train");
        Fill("bad/test");
        string file = Directory.GetFiles(_folder.At("bad/test"), "*.png", SearchOption.AllDirectories)[0];
        File.WriteAllText(file, "no picture");
        CommandResult result = CommandLine.Run("evaluate", "--checkpoint", run.Checkpoint, "--data", _folder.At("bad"));
        Assert.Equal(1, result.Code);
        Assert.Contains(file, result.Log);
        Assert.Contains("--on-bad-image skip", result.Log);
    }

    [Fact]
    public void ARunThatMetABadImageAtOnceMayBeBegunAnew()
    {
        Fill("bad/train");
        string file = Directory.GetFiles(_folder.At("bad/train"), "*.png", SearchOption.AllDirectories)[0];
        File.WriteAllText(file, "no picture");
        string[] line = run.TrainArguments("unused");
        line[line.IndexOf("--data") + 1] = _folder.At("bad");
        line[line.IndexOf("--output") + 1] = _folder.At("run");
        Assert.Equal(1, CommandLine.Run(line).Code);
        CommandLine.Succeed([.. line, "--on-bad-image", "skip"]);
        CommandResult again = CommandLine.Run(line);
        Assert.Contains("already holds a run", again.Log);
    }

    private CommandResult Evaluate(string folder, params string[] more)
    {
        string[] model = more.Contains("--checkpoint") ? [] : ["--checkpoint", run.Checkpoint];
        return CommandLine.Succeed(["evaluate", .. model, "--data", _folder.At(folder), "--json", .. more]);
    }

    /// <summary>Copies the test pictures, a folder per class.</summary>
    private void Fill(string to, params string[] classes)
    {
        foreach (string file in Directory.GetFiles(run.At("data/test"), "*.png", SearchOption.AllDirectories))
        {
            string name = Path.GetFileName(Path.GetDirectoryName(file)!);
            if (classes.Length > 0 && !classes.Contains(name))
                continue;
            string target = _folder.At(Path.Combine(to, name, Path.GetFileName(file)));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
