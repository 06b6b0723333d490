using System.Text.Json.Nodes;
using VisionMamba.Data.Images;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tests.Models;

namespace VisionMamba.Tests.Cli;

/// <summary>Pretrain, train, evaluate and predict as a user types them.</summary>
[Collection(CommandLine.Collection)]
public sealed class MainJobTests(TinyRun run) : IClassFixture<TinyRun>
{
    [Fact]
    public void TrainingLeavesWhatItPromises()
    {
        foreach (string file in new[] { "last.safetensors", "best.safetensors", "run.json", "log.csv", "steps.jsonl" })
            Assert.True(File.Exists(run.At($"svp/{file}")), file);
        JsonNode settings = JsonNode.Parse(File.ReadAllText(run.At("svp/run.json")))!;
        Assert.Equal("svp", (string)settings["method"]!["name"]!);
        Assert.Equal(3, (int)settings["counts"]!["train"]!["classes"]!);
        Assert.Equal(2, (int)settings["options"]!["Epochs"]!);
        JsonNode result = JsonNode.Parse(File.ReadAllText(run.At("svp/result.json")))!;
        double[] top1 = [.. File.ReadAllLines(run.At("svp/log.csv")).Skip(1).Select(
            row => double.Parse(row.Split(',')[4], System.Globalization.CultureInfo.InvariantCulture))];
        Assert.Equal(Array.IndexOf(top1, top1.Max()) + 1, (int)result["best_epoch"]!);
        Assert.Equal(top1.Max(), (double)result["validation_top1_best"]!);
        Assert.Equal(top1[^1], (double)result["validation_top1_last"]!);
    }

    [Fact]
    public void PredictPrintsTheContractsJson()
    {
        JsonNode image = CommandLine.Succeed(
            "predict", "--checkpoint", run.Checkpoint, run.Picture, "--json", "--logits").Json["images"]![0]!;
        Assert.Equal(run.Picture, (string)image["path"]!);
        JsonArray top = image["top"]!.AsArray();
        Assert.Equal(3, top.Count);
        Assert.Equal(1, top.Sum(t => (double)t!["probability"]!), 1e-6);
        float[] logits = [.. image["logits"]!.AsArray().Select(v => (float)v!)];
        Assert.Equal(Array.IndexOf(logits, logits.Max()), (int)top[0]!["index"]!);
    }

    [Fact]
    public void EvaluateAgreesWithPredict()
    {
        JsonNode evaluation = CommandLine.Succeed(
            "evaluate", "--checkpoint", run.Checkpoint, "--data", run.Data, "--output", run.At("evaluation"),
            "--json").Json;
        string[] pictures = Directory.GetFiles(run.At("data/test"), "*.png", SearchOption.AllDirectories);
        JsonArray answers = CommandLine.Succeed(
            ["predict", "--checkpoint", run.Checkpoint, "--json", .. pictures]).Json["images"]!.AsArray();
        int right = answers.Count(a =>
            Path.GetFileName(Path.GetDirectoryName((string)a!["path"]!)) == (string)a["top"]![0]!["class"]!);
        Assert.Equal(pictures.Length, (int)evaluation["images"]!);
        Assert.Equal((double)right / pictures.Length, (double)evaluation["top1"]!, 1e-9);
        Assert.Equal(4, File.ReadAllLines(run.At("evaluation/confusion.csv")).Length);
    }

    /// <summary>The files of an evaluation are three views of the same answers.</summary>
    [Fact]
    public void TheFilesOfAnEvaluationAgree()
    {
        JsonNode evaluation = CommandLine.Succeed(
            "evaluate", "--checkpoint", run.Checkpoint, "--data", run.Data, "--split", "train",
            "--output", run.At("answers"), "--json").Json;
        Assert.True(JsonNode.DeepEquals(
            evaluation, JsonNode.Parse(File.ReadAllText(run.At("answers/evaluation.json")))));
        string[][] Rows(string file) => [.. File.ReadAllLines(run.At($"answers/{file}")).Select(r => r.Split(','))];
        string[][] predictions = Rows("predictions.csv"), confusion = Rows("confusion.csv");
        Assert.Equal(["path", "class", "predicted", "probability"], predictions[0]);
        string[][] answers = predictions[1..];
        Assert.Equal((int)evaluation["images"]!, answers.Length);
        Assert.All(answers, a => Assert.Equal(Path.GetFileName(Path.GetDirectoryName(a[0])), a[1]));
        string[] classes = confusion[0][1..];
        Assert.Equal(3, classes.Length);
        Assert.Equal(classes, confusion[1..].Select(row => row[0]));
        foreach (string[] row in confusion[1..])
        {
            string[] counts = [.. classes.Select(c => $"{answers.Count(a => a[1] == row[0] && a[2] == c)}")];
            Assert.Equal(counts, row[1..]);
            string[][] own = [.. answers.Where(a => a[1] == row[0])];
            Assert.Equal(
                own.Count(a => a[2] == a[1]) / (double)own.Length, (double)evaluation["per_class_top1"]![row[0]]!,
                1e-9);
        }

        Assert.Equal(
            answers.Count(a => a[1] == a[2]) / (double)answers.Length, (double)evaluation["top1"]!, 1e-9);
    }

    /// <summary>Images are answered together, and each as if it were alone.</summary>
    [Fact]
    public void AnAnswerIsTheSameWhateverTheBatch()
    {
        string[] predict = ["predict", "--checkpoint", run.Checkpoint, run.At("data/test"), "--json", "--logits"];
        string alone = CommandLine.Succeed([.. predict, "--batch", "1", "--threads", "1"]).Output;
        Assert.Equal(12, JsonNode.Parse(alone)!["images"]!.AsArray().Count);
        foreach (string batch in new[] { "5", "12", "32" })
            Assert.Equal(alone, CommandLine.Succeed([.. predict, "--batch", batch]).Output);
        string[] pictures = [.. Directory.GetFiles(run.At("data/test"), "*.png", SearchOption.AllDirectories).Order(
            StringComparer.Ordinal)];
        Assert.Equal(pictures, JsonNode.Parse(alone)!["images"]!.AsArray().Select(i => (string)i!["path"]!));
    }

    /// <summary>A picture has three channels; a model of four would read memory that nobody wrote.</summary>
    [Fact]
    public void AModelOfOtherChannelsIsRefusedByName()
    {
        string file = run.At("four.safetensors");
        ModelFile.Save(
            file, SmallModels.Create("full", "{}", SmallModels.Config with { Channels = 4, Classes = 3 }),
            new ModelCard());
        foreach (string[] line in new string[][]
        {
            ["predict", "--checkpoint", file, run.Picture], ["evaluate", "--checkpoint", file, "--data", run.Data],
            ["explain", "--checkpoint", file, run.Picture, "--output", run.At("four.png")],
            ["train", "--backbone", file, "--data", run.Data, "--output", run.At("four")],
        })
        {
            CommandResult result = CommandLine.Run(line);
            Assert.Equal((1, ""), (result.Code, result.Output));
            Assert.Contains("images of 4 channels", result.Log);
        }
    }

    [Fact]
    public void ABatchLargerThanTheTrainingSetIsSaid() => Assert.Contains(
        "--batch 96: there are 24 training images", CommandLine.Succeed(
            "train", "--data", run.Data, "--backbone", run.Backbone, "--method", "linear", "--epochs", "1",
            "--output", run.At("few"), "--train-on-validation").Log);

    /// <summary>A damaged model answers NaN, which JSON does not have.</summary>
    [Fact]
    public void AModelThatAnswersNaNIsOneLine()
    {
        string damaged = run.At("damaged.safetensors");
        byte[] bytes = File.ReadAllBytes(run.Checkpoint);
        using (var file = VisionMamba.Tensors.Files.TensorFile.Open(run.Checkpoint))
        {
            Assert.Contains("head.weight", file.Tensors.Keys);
        }

        int header = 8 + (int)BitConverter.ToInt64(bytes);
        int[] at = [.. JsonNode.Parse(bytes.AsSpan(8, header - 8))!["head.weight"]!["data_offsets"]!.AsArray().Select(
            v => (int)v!)];
        bytes.AsSpan(header + at[0], at[1] - at[0]).Fill(0xff);
        File.WriteAllBytes(damaged, bytes);
        foreach (string json in new[] { "--json", "--threads=1" })
        {
            CommandResult result = CommandLine.Run("predict", "--checkpoint", damaged, run.Picture, json);
            Assert.Equal((1, ""), (result.Code, result.Output));
            Assert.Contains("NaN or infinity", result.Log);
        }
    }

    /// <summary>An answer keeps no activations, so bf16 does nothing on the processor: that is said.</summary>
    [Fact]
    public void AnsweringSaysWhatPrecisionDoesNotChange()
    {
        string[] predict = ["predict", "--checkpoint", run.Checkpoint, run.Picture, "--json", "--logits"];
        CommandResult plain = CommandLine.Succeed(predict);
        CommandResult packed = CommandLine.Succeed([.. predict, "--precision", "bf16"]);
        Assert.Equal(plain.Output, packed.Output);
        Assert.DoesNotContain("--precision", plain.Log, StringComparison.Ordinal);
        Assert.Contains("--precision bf16: changes nothing here", packed.Log, StringComparison.Ordinal);
        Assert.Contains("--precision bf16: changes nothing here", CommandLine.Succeed(
            "evaluate", "--checkpoint", run.Checkpoint, "--data", run.Data, "--precision", "bf16", "--json").Log,
            StringComparison.Ordinal);
    }

    [Fact]
    public void TheSameSeedGivesTheSameFile()
    {
        CommandLine.Succeed([.. run.TrainArguments("again"), "--threads", "1", "--workers", "1"]);
        using var first = VisionMamba.Tensors.Files.TensorFile.Open(run.Checkpoint);
        using var second = VisionMamba.Tensors.Files.TensorFile.Open(run.At("again/last.safetensors"));
        Assert.Equal(first.Tensors.Keys.Order(), second.Tensors.Keys.Order());
        foreach (string name in first.Tensors.Keys)
            Assert.True(first.Tensors[name].ToTensor().Span.SequenceEqual(second.Tensors[name].ToTensor().Span), name);
    }

    [Fact]
    public void DryRunWritesNothing()
    {
        CommandLine.Succeed([.. run.TrainArguments("dry"), "--dry-run"]);
        Assert.False(Directory.Exists(run.At("dry")));
    }

    /// <summary>The README's first command, with one pass over the pictures.</summary>
    [Fact]
    public void TheDemonstrationAdaptsTheShippedBackboneAndDrawsItsAnswers()
    {
        JsonNode report = CommandLine.Succeed("demo", "--epochs", "1", "--output", run.At("demo"), "--json").Json;
        // The numbers of the README's table.
        Assert.Equal(776, (int)report["linear"]!["trainable_parameters"]!);
        Assert.Equal(70_536, (int)report["svp"]!["trainable_parameters"]!);
        Assert.Equal(400, (int)report["test_images"]!);
        RgbImage sheet = ImageDecoder.Decode((string)report["sheet"]!);
        Assert.True(sheet.Width > 8 * 112 && sheet.Height > 3 * 112, $"{sheet.Width} x {sheet.Height}");
        JsonNode answer = CommandLine.Succeed(
            "predict", "--checkpoint", (string)report["model"]!, (string)report["sheet"]!, "--top", "8", "--json").Json;
        Assert.Equal(8, answer["images"]![0]!["top"]!.AsArray().Count);
    }

    [Fact]
    public void InspectKnowsTheMethod()
    {
        string text = CommandLine.Succeed("inspect", "--checkpoint", run.Checkpoint, "--tensors").Output;
        // The file's path holds the word, too.
        Assert.Contains("\nmethod\n  name: svp\n", text.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        string head = Assert.Single(text.Split('\n'), line => line.Contains("head.weight", StringComparison.Ordinal));
        Assert.Contains("3", head.Replace("head.weight", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("16", head, StringComparison.Ordinal);
    }
}
