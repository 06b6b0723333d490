using System.Text.Json.Nodes;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Tests.Cli;

/// <summary>Export, packs, Python's training checkpoints and the run's own split, as a user types them.</summary>
[Collection(CommandLine.Collection)]
public sealed class InterchangeTests(TinyRun run) : IClassFixture<TinyRun>
{
    private string Pack => run.At("svp/pack.safetensors");

    public static TheoryData<int, string, string> Mistakes => new()
    {
        { 2, "export --checkpoint CHECKPOINT --format onnx --output x.onnx", "not available yet" },
        { 2, "export --checkpoint CHECKPOINT --format zip --output x.zip", "--format zip" },
        { 2, "export --checkpoint CHECKPOINT --output x", "--format" },
        { 2, "export --checkpoint CHECKPOINT --output x.pth --dtype fp8", "--dtype fp8" },
        { 2, "export --checkpoint CHECKPOINT --output x.pth --layout square", "--layout square" },
        { 2, "export --checkpoint CHECKPOINT --output CHECKPOINT", "replace" },
        { 2, "export --checkpoint CHECKPOINT --output x.safetensors --with-optimizer", "--with-optimizer" },
        { 1, "export --checkpoint BEST --output x.pth --with-optimizer", "no training state" },
        { 2, "predict PICTURE", "--checkpoint" },
        { 2, "predict --backbone BACKBONE PICTURE", "--pack" },
        { 2, "predict --pack PACK PICTURE", "--backbone" },
        { 2, "predict --pack PACK --backbone BACKBONE --checkpoint CHECKPOINT PICTURE", "--checkpoint" },
        { 2, "predict --pack PACK --backbone BACKBONE --simam true PICTURE", "--simam" },
        { 1, "predict --pack PACK --backbone TEXT PICTURE", "TEXT" },
        { 1, "predict --pack TEXT --backbone BACKBONE PICTURE", "TEXT" },
        { 1, "predict --pack CHECKPOINT --backbone BACKBONE PICTURE", "not a prompt pack" },
        { 1, "predict --checkpoint PACK PICTURE", "--pack" },
        { 1, "pack create --checkpoint BACKBONE --output x", "'full'" },
        { 2, "pack create --checkpoint CHECKPOINT --output CHECKPOINT", "replace" },
        { 1, "train --resume-from CHECKPOINT --data DATA --output OUT", "--resume" },
        { 1, "train --resume-from MISSING --data DATA --output OUT", "MISSING" },
        { 2, "train --resume-from CHECKPOINT --backbone BACKBONE --data DATA --output OUT", "--backbone" },
        { 2, "train --resume-from CHECKPOINT --svp-prompts cross --data DATA --output OUT", "--svp-prompts" },
        { 2, "train --resume-from CHECKPOINT --lora-rank 4 --data DATA --output OUT", "--lora-rank" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void OneClearLine(int code, string line, string names)
    {
        run.Write("TEXT", "not a checkpoint");
        CommandResult result = CommandLine.Run([.. line.Split(' ').Select(Place)]);
        Assert.True(code == result.Code, $"{line}: exit code {result.Code}: {result.Log}");
        Assert.Empty(result.Output);
        string last = result.Log.TrimEnd('\n').Split('\n')[^1];
        Assert.StartsWith("svp: ", last, StringComparison.Ordinal);
        Assert.Contains(names, last, StringComparison.Ordinal);
        foreach (string file in new[] { "OUT", "x", "x.pth", "x.onnx", "x.zip", "x.safetensors" })
            Assert.False(Path.Exists(run.At(file)), $"left {file} behind");
    }

    [Fact]
    public void TheRunsPackPredictsAndEvaluatesAsItsCheckpoint()
    {
        string[] pack = ["--backbone", run.Backbone, "--pack", Pack];
        string[] whole = ["--checkpoint", run.At("svp/best.safetensors")];
        string Predict(string[] model) =>
            CommandLine.Succeed(["predict", .. model, run.Picture, "--json", "--logits"]).Output;
        Assert.Equal(Predict(whole), Predict(pack));
        Assert.Equal(Predict(whole), Predict(["--checkpoint", run.Backbone, "--pack", Pack]));
        JsonNode Evaluate(string[] model) =>
            CommandLine.Succeed(["evaluate", .. model, "--data", run.Data, "--json"]).Json;
        Assert.Equal((double)Evaluate(whole)["loss"]!, (double)Evaluate(pack)["loss"]!);
        JsonNode shown = CommandLine.Succeed("inspect", "--pack", Pack, "--json").Json;
        Assert.Equal("last.safetensors", (string?)shown["pack_of"]!["backbone_name"]);
        Assert.Equal(64, ((string)shown["pack_of"]!["backbone_hash"]!).Length);
        Assert.Equal(3, ((JsonArray)shown["classes"]!).Count);
        Assert.NotNull(shown["provenance"]!["result"]!["best_validation_top1"]);
        CommandLine.Succeed(
            "pack", "create", "--checkpoint", run.At("svp/best.safetensors"), "--output", run.At("made"));
        Assert.Equal(File.ReadAllBytes(Pack), File.ReadAllBytes(run.At("made")));
    }

    [Fact]
    public void AWrongBackboneIsRefusedWithBothNames()
    {
        CommandLine.Succeed(
            "export", "--checkpoint", run.Backbone, "--dtype", "bf16", "--output", run.At("narrow.pth"));
        CommandResult result = CommandLine.Run(
            "predict", "--backbone", run.At("narrow.pth"), "--pack", Pack, run.Picture);
        Assert.Equal(1, result.Code);
        Assert.Contains("narrow.pth", result.Log);
        Assert.Contains("expected 'last.safetensors'", result.Log);
        Assert.Single(result.Log.TrimEnd('\n').Split('\n'));
    }

    [Theory]
    [InlineData("x1.pth", "released", "F32")]
    [InlineData("x2.pth", "plain", "F32")]
    [InlineData("x3.safetensors", "native", "F32")]
    [InlineData("x4.safetensors", "plain", "F16")]
    [InlineData("x5.pth", "native", "BF16")]
    public void AnExportedModelIsTheSameModel(string name, string layout, string type)
    {
        string dtype = type switch { "F32" => "fp32", "F16" => "fp16", _ => "bf16" };
        JsonNode report = CommandLine.Succeed(
            "export", "--checkpoint", run.Checkpoint, "--layout", layout, "--dtype", dtype,
            "--output", run.At(name), "--json").Json;
        Assert.Equal(type, (string?)report["dtype"]);
        string[] open =
            layout == "plain" ? ["--image-size", "32", "--stride", "8", "--cross-prompt-source", "token"] : [];
        double[] Logits(string model, string[] more)
        {
            JsonNode answer = CommandLine.Succeed(
                ["predict", "--checkpoint", model, .. more, run.Picture, "--json", "--logits"]).Json;
            return [.. ((JsonArray)answer["images"]![0]!["logits"]!).Select(l => (double)l!)];
        }

        double[] expected = Logits(run.Checkpoint, []), actual = Logits(run.At(name), open);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], type == "F32" ? 1e-6 : 5e-2);
    }

    /// <summary>A file that does not say how its prompts are made is read in one way, and that is said.</summary>
    [Fact]
    public void WhatHadToBeAssumedOfAFileIsSaid()
    {
        CommandLine.Succeed(
            "export", "--checkpoint", run.Checkpoint, "--layout", "plain", "--output", run.At("plain.safetensors"));
        string[] predict =
            ["predict", "--checkpoint", run.At("plain.safetensors"), "--stride", "8", run.Picture, "--json"];
        CommandResult assumed = CommandLine.Succeed(predict);
        Assert.Contains("plain.safetensors: ", assumed.Log);
        Assert.Contains("--cross-prompt-source", assumed.Log);
        Assert.Single(assumed.Json["images"]!.AsArray());
        CommandResult told = CommandLine.Succeed([.. predict, "--cross-prompt-source", "token", "--image-size", "32"]);
        Assert.DoesNotContain("--cross-prompt-source", told.Log);
        // Of a backbone its prompts are not taken.
        Assert.Contains("plain.safetensors: taking images of 32 px", CommandLine.Succeed(
            "train", "--backbone", run.At("plain.safetensors"), "--stride", "8", "--data", run.Data, "--method",
            "linear", "--dry-run").Log);
    }

    /// <summary>The recorded seed decides what was held out: another seed holds out other pictures.</summary>
    [Fact]
    public void EvaluateTakesTheRunsOwnSplit()
    {
        string validation = run.At("svp/log.csv");
        double logged = double.Parse(
            File.ReadAllLines(validation)[^1].Split(',')[3], System.Globalization.CultureInfo.InvariantCulture);
        double Loss(params string[] more) => (double)CommandLine.Succeed(
        [
            "evaluate", "--checkpoint", run.Checkpoint, "--data", run.Data, "--split", "validation", "--json", .. more,
        ]).Json["loss"]!;
        Assert.Equal(logged, Loss(), 1e-12);
        Assert.Equal(logged, Loss("--seed", "3"), 1e-12);
        Assert.NotEqual(logged, Loss("--seed", "4"), 1e-6);
        Assert.NotEqual(logged, Loss("--validation-fraction", "0.5"), 1e-6);
        // A checkpoint on its own carries the split with it.
        File.Copy(run.Checkpoint, run.At("alone.safetensors"), overwrite: true);
        double alone = (double)CommandLine.Succeed(
            "evaluate", "--checkpoint", run.At("alone.safetensors"), "--data", run.Data,
            "--split", "validation", "--json").Json["loss"]!;
        Assert.Equal(logged, alone, 1e-12);
    }

    [Fact]
    public void ARunGoesToPythonsFormatAndBack()
    {
        string[] augmented =
        [
            "--reprob", "0.25", "--remode", "rand", "--recount", "2", "--mixup", "0.5", "--mixup-mode", "pair", "--aa",
            "rand-m5", "--train-interpolation", "random", "--src",
        ];
        string[] train =
        [
            .. run.TrainArguments("long"), "--inner-width", "64", "--cross-prompt-source", "paired-halves",
            .. augmented,
        ];
        List<string> arguments = [.. train];
        int width = arguments.IndexOf("--inner-width");
        arguments.RemoveRange(width, 2);
        CommandLine.Succeed([.. arguments]);
        CommandLine.Succeed(
            "export", "--checkpoint", run.At("long/last.safetensors"), "--with-optimizer",
            "--output", run.At("long.pth"));
        CommandResult done = CommandLine.Run(
            "train", "--resume-from", run.At("long.pth"), "--data", run.Data, "--output", run.At("on"));
        Assert.Equal(1, done.Code);
        Assert.Contains("--epochs", done.Log);
        foreach ((int code, string flag, string value) in new[] { (1, "--max-steps", "1"), (2, "--sched", "step") })
        {
            CommandResult refused = CommandLine.Run(
                "train", "--resume-from", run.At("long.pth"), "--data", run.Data, "--epochs", "3", flag, value,
                "--output", run.At("refused"));
            Assert.Equal(code, refused.Code);
            Assert.Contains($"{flag} {value}", refused.Log);
            Assert.False(Directory.Exists(run.At("refused")));
        }

        string[] resume =
            ["train", "--resume-from", run.At("long.pth"), "--data", run.Data, "--epochs", "3", "--workers", "1"];
        CommandLine.Succeed([.. resume, "--output", run.At("on")]);
        string[] log = File.ReadAllLines(run.At("on/log.csv"));
        Assert.Equal(2, log.Length);
        Assert.StartsWith("3,", log[1], StringComparison.Ordinal);
        // What goes to Python's format is bit for bit what stays here; its prompts are laid out in rows of their own.
        using TensorFile before = TensorFile.Open(run.At("long/last.safetensors"));
        using TensorFile file = TensorFile.Open(run.At("long.pth"));
        Assert.True(file.Tensors.Count > 40);
        foreach ((string name, StoredTensor written) in file.Tensors)
        {
            float[] here = before.Tensors[name].ToTensor().Span.ToArray();
            Assert.Equal(here, written.ToTensor().Span[..here.Length].ToArray());
        }

        Assert.Equal("3", file.Metadata["args.seed"]);
        JsonNode options = JsonNode.Parse(File.ReadAllText(run.At("on/run.json")))!["options"]!;
        Assert.Equal((3, 8, 3), ((int)options["Epochs"]!, (int)options["Batch"]!, (int)options["Seed"]!));
        Assert.Equal(0.1, (double)options["LearningRate"]!, 1e-12);
        JsonNode ours = JsonNode.Parse(File.ReadAllText(run.At("long/run.json")))!["options"]!["Augment"]!;
        Assert.True(JsonNode.DeepEquals(ours, options["Augment"]), options["Augment"]!.ToJsonString());
        // What was taken from the file does not keep the run from going there again.
        CommandLine.Succeed(
            "export", "--checkpoint", run.At("on/last.safetensors"), "--with-optimizer",
            "--output", run.At("again.pth"));
        // The run that was made of it is a run of ours: it can be resumed, and its logs stay whole.
        CommandLine.Succeed("train", "--resume", "--output", run.At("on"));
        Assert.Equal(log, File.ReadAllLines(run.At("on/log.csv")));
    }

    private string Place(string word) => word switch
    {
        "DATA" => run.Data,
        "BACKBONE" => run.Backbone,
        "CHECKPOINT" => run.Checkpoint,
        "BEST" => run.At("svp/best.safetensors"),
        "PACK" => Pack,
        "PICTURE" => run.Picture,
        "TEXT" or "MISSING" or "OUT" => run.At(word),
        _ when word.StartsWith('x') => run.At(word),
        _ => word,
    };
}
