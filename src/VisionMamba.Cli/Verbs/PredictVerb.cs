using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Devices;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Planning;
using VisionMamba.Data.Datasets;
using VisionMamba.Data.Images;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;
using VisionMamba.Training;
using VisionMamba.Training.Losses;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp predict: names pictures.</summary>
internal static class PredictVerb
{
    public static Command Create()
    {
        var command = new Command("predict", "Name the content of image files.");
        var checkpoint = new CheckpointFlags();
        var device = new DeviceFlags(answersOnly: true);
        var images = new Argument<string[]>("IMAGES")
        {
            Description = "image files, or folders of them",
            Arity = ArgumentArity.OneOrMore,
        };
        var top = new Option<int>("--top") { Description = "how many classes to name", DefaultValueFactory = _ => 5 };
        var logits = new Option<bool>("--logits") { Description = "with --json: all logits" };
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        var output = new Option<string?>("--output")
        {
            Description = "also write the answers as a table, .csv: path, then class and probability of each of --top",
            HelpName = "FILE",
        };
        var badImage = new BadImageFlag();
        var batch = new Option<int>("--batch") { Description = "images at a time", DefaultValueFactory = _ => 32 };
        var memory = new MemoryFlag();
        command.Arguments.Add(images);
        checkpoint.AddTo(command);
        foreach (Option option in new Option[] { top, logits, badImage.Flag, output, batch, memory.Limit, json })
            command.Options.Add(option);
        device.AddTo(command);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(logits) && !parsed.GetValue(json))
                throw new UsageException("--logits: is part of the JSON output; add --json");
            Flag.RequireAtLeast1(parsed, top, batch);
            UnreadableImages unreadable = badImage.Read(parsed);
            if (parsed.GetValue(output) is { } table
                && !table.EndsWith(".csv", StringComparison.OrdinalIgnoreCase))
                throw new UsageException($"--output {table}: is written as .csv; give such a name");
            IReadOnlyList<string> paths = ImageFiles.Of(parsed.GetValue(images)!);
            using Backend backend = device.Open(parsed);
            LoadedModel loaded = checkpoint.Load(parsed, view: true);
            using var session = new ModelSession(loaded.Model, backend);
            var set = new ImageDataset("the given images", [""], [.. paths.Select(p => new Sample(p, 0))], unreadable);
            var results = new JsonArray();
            // Answers that scroll by are progress enough.
            using CountProgress? progress = parsed.GetValue(json) ? new CountProgress("answered") : null;
            Evaluator.Answer(
                session, set, PreprocessingJson.Of(loaded, checkpoint.Path(parsed)),
                memory.Images(parsed, parsed.GetValue(batch), loaded.Model, backend),
                Math.Min(set.Count, Environment.ProcessorCount), (path, _, answer) =>
            {
                if (unreadable.Report(path) is { } reason)
                {
                    results.Add((JsonNode)new JsonObject { ["path"] = path, ["error"] = reason });
                    return;
                }

                JsonObject result = Describe(
                    path, answer, loaded.Card.Classes, parsed.GetValue(top), parsed.GetValue(logits));
                results.Add((JsonNode)result);
                if (!parsed.GetValue(json))
                    Print(result);
            }, done => progress?.Step(done, set.Count));
            progress?.Dispose();
            if (parsed.GetValue(output) is { } file)
                AtomicFile.WriteText(file, Table(results, parsed.GetValue(top), loaded.Model.Config.Classes));
            if (parsed.GetValue(json))
                JsonOutput.Write(new JsonObject { ["images"] = results });
            return results.Any(r => r!["error"] is not null) ? 1 : 0;
        });
        return command;
    }

    /// <summary>A row an image, which is empty but for its path where it was skipped.</summary>
    private static string Table(JsonArray results, int top, int classes)
    {
        string[] Columns(int rank) => rank == 1 ? ["class", "probability"] : [$"class_{rank}", $"probability_{rank}"];
        return Csv.Text(
            [.. Enumerable.Range(1, Math.Min(top, classes)).SelectMany(Columns).Prepend("path")],
            results.Select(r => (r!["top"]?.AsArray() ?? [])
                .SelectMany(t => new object?[] { (string)t!["class"]!, (double)t["probability"]! })
                .Prepend((string)r["path"]!)));
    }

    /// <summary>Class names where the file has them, else the index.</summary>
    private static JsonObject Describe(
        string path, ReadOnlySpan<float> answer, IReadOnlyList<string> classes, int top, bool withLogits)
    {
        float[] logits = [.. answer];
        double[] probabilities = SoftTargets.Probabilities(logits);
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

    private static void Print(JsonObject result)
    {
        Console.Out.WriteLine((string)result["path"]!);
        foreach (JsonNode? entry in (JsonArray)result["top"]!)
            Console.Out.WriteLine($"  {(double)entry!["probability"]!,7:P2}  {(string)entry["class"]!}");
    }
}
