using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Devices;
using VisionMamba.Cli.Output;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Images;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Training;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp predict: names pictures.</summary>
internal static class PredictVerb
{
    public static Command Create()
    {
        var command = new Command("predict", "Name the content of image files.");
        var checkpoint = new CheckpointFlags();
        var device = new DeviceFlags(answersOnly: true);
        var images = new Argument<string[]>("IMAGES") { Description = "image files", Arity = ArgumentArity.OneOrMore };
        var top = new Option<int>("--top") { Description = "how many classes to name", DefaultValueFactory = _ => 5 };
        var logits = new Option<bool>("--logits") { Description = "with --json: all logits" };
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        var badImage = new Option<string>("--on-bad-image")
        {
            Description = "an unreadable image: fail, or skip "
                + "(report it, go on with the rest and end with exit code 1)",
            DefaultValueFactory = _ => "fail",
        };
        command.Arguments.Add(images);
        checkpoint.AddTo(command);
        foreach (Option option in new Option[] { top, logits, badImage, json })
            command.Options.Add(option);
        device.AddTo(command);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(logits) && !parsed.GetValue(json))
                throw new UsageException("--logits: is part of the JSON output; add --json");
            if (parsed.GetValue(top) < 1)
                throw new UsageException("--top: must be at least 1");
            if (parsed.GetValue(badImage) is not ("fail" or "skip"))
                throw new UsageException($"--on-bad-image {parsed.GetValue(badImage)}: give fail or skip");
            using Backend backend = device.Open(parsed);
            LoadedModel loaded = checkpoint.Load(parsed, view: true);
            using var session = new ModelSession(loaded.Model, backend);
            var transform = new EvalTransform(
                PreprocessingJson.Read(loaded.Card.Preprocessing, loaded.Model.Config.ImageSize));
            bool skip = parsed.GetValue(badImage) == "skip";
            var results = new JsonArray();
            foreach (string path in parsed.GetValue(images)!)
            {
                if (Decode(path, skip, results) is not { } image)
                    continue;
                float[] pixels = new float[3 * transform.Size * transform.Size];
                transform.Apply(image, pixels);
                JsonObject result = Describe(
                    path, session.Logits(pixels, 1), loaded.Card.Classes, parsed.GetValue(top),
                    parsed.GetValue(logits));
                results.Add((JsonNode)result);
                if (!parsed.GetValue(json))
                    Print(result);
            }

            if (parsed.GetValue(json))
                JsonOutput.Write(new JsonObject { ["images"] = results });
            return results.Any(r => r!["error"] is not null) ? 1 : 0;
        });
        return command;
    }

    /// <summary>The picture; null when it cannot be read and was reported instead.</summary>
    private static RgbImage? Decode(string path, bool skip, JsonArray results)
    {
        try
        {
            return ImageDecoder.Decode(path);
        }
        catch (VisionMambaException e) when (skip)
        {
            Console.Error.WriteLine($"skipped: {e.Message}");
            results.Add((JsonNode)new JsonObject { ["path"] = path, ["error"] = e.Message });
            return null;
        }
    }

    /// <summary>Class names where the file has them, else the index.</summary>
    private static JsonObject Describe(
        string path, float[] logits, IReadOnlyList<string> classes, int top, bool withLogits)
    {
        double[] probabilities = Softmax(logits);
        IEnumerable<int> best = Enumerable.Range(0, logits.Length).OrderByDescending(c => logits[c]).Take(top);
        var ranked = best.Select(c => (JsonNode)new JsonObject
        {
            ["class"] = c < classes.Count ? classes[c] : $"class {c}",
            ["index"] = c,
            ["probability"] = probabilities[c],
        });
        var result = new JsonObject { ["path"] = path, ["top"] = new JsonArray([.. ranked]) };
        if (withLogits)
            result["logits"] = new JsonArray([.. logits.Select(l => (JsonNode)l)]);
        return result;
    }

    internal static double[] Softmax(ReadOnlySpan<float> logits)
    {
        double[] p = new double[logits.Length];
        double largest = double.NegativeInfinity;
        foreach (float logit in logits)
            largest = Math.Max(largest, logit);
        for (int i = 0; i < p.Length; i++)
            p[i] = Math.Exp(logits[i] - largest);
        double sum = p.Sum();
        for (int i = 0; i < p.Length; i++)
            p[i] /= sum;
        return p;
    }

    private static void Print(JsonObject result)
    {
        Console.Out.WriteLine((string)result["path"]!);
        foreach (JsonNode? entry in (JsonArray)result["top"]!)
            Console.Out.WriteLine($"  {(double)entry!["probability"]!,7:P2}  {(string)entry["class"]!}");
    }
}
