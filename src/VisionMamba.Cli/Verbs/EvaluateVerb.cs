using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Devices;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Planning;
using VisionMamba.Cli.Runs;
using VisionMamba.Data.Datasets;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;
using VisionMamba.Training;
using VisionMamba.Training.Losses;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp evaluate: accuracy of a model on labelled images.</summary>
internal static class EvaluateVerb
{
    private const int NamedClasses = 5;

    public static Command Create()
    {
        var command = new Command(
            "evaluate", "Measure a model on labelled images: top-1, top-5, per class, confusion matrix.");
        var checkpoint = new CheckpointFlags();
        var data = new DataFlags();
        var device = new DeviceFlags(answersOnly: true);
        var split = new Option<string>("--split")
        {
            Description = "train, validation, test, or all of a folder without such parts (default: test where there "
                + "is one; all of a folder that is not the run's own; else validation)",
        };
        var batch = new Option<int>("--batch") { Description = "images at a time", DefaultValueFactory = _ => 32 };
        var seed = new Option<ulong?>("--seed")
        {
            Description = "decides what was held out where the data has no validation part "
                + "(default: as in the model's run)",
        };
        var output = new Option<string?>("--output")
        {
            Description = "folder for confusion.csv, predictions.csv (an answer per image) and evaluation.json",
            HelpName = "DIR",
        };
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        var memory = new MemoryFlag();
        checkpoint.AddTo(command);
        foreach (Option option in data.All.Concat([split, seed, batch, output, memory.Limit, json]))
            command.Options.Add(option);
        device.AddTo(command);
        command.SetAction(parsed =>
        {
            using Backend backend = device.Open(parsed);
            LoadedModel loaded = checkpoint.Load(parsed, view: true);
            Flag.RequireAtLeast1(parsed, batch);
            string model = checkpoint.Path(parsed);
            RunData images = data.Read(parsed, parsed.GetValue(seed), TrainedOn.Data(loaded.Card, model));
            DatasetSplits splits = DataFlags.LoadToMeasure(images);
            DataFlags.SayNotTaken(images, splits);
            bool own = IsOwn(loaded.Card, model, images, splits);
            ImageDataset chosen = Choose(splits, parsed.GetValue(split), own);
            string measured = chosen == splits.Whole ? "all images of the folder" : splits.Description;
            ImageDataset set = OfModel(loaded, chosen, model);
            if (images.OnBadImage == "skip")
            {
                int all = set.Count;
                set = DataFlags.Readable(set);
                measured += set.Count == all ? "" : $"; {all - set.Count} unreadable images left out";
            }

            if (images.MaxTest is { } most && !parsed.IsGiven(data.MaxTest) && set.Count == most)
                Console.Error.WriteLine($"--max-test {most}: as in the model's run; give a larger one for more images");
            using var session = new ModelSession(loaded.Model, backend);
            var clock = System.Diagnostics.Stopwatch.StartNew();
            var answers = new List<object?[]>();
            using var progress = new CountProgress("measured");
            Metrics metrics = Evaluator.Run(
                session, set, PreprocessingJson.Of(loaded, checkpoint.Path(parsed)),
                memory.Images(parsed, parsed.GetValue(batch), loaded.Model, backend), workers: 2,
                done => progress.Step(done, set.Count),
                answered: parsed.GetValue(output) is null ? null
                    : (path, label, logits) => answers.Add(Answer(set.Classes, path, label, logits)));
            progress.Dispose();
            JsonObject report = Report(metrics, set, clock.Elapsed.TotalSeconds);
            report["split"] = measured;
            if (parsed.GetValue(output) is { } folder)
            {
                AtomicFile.WriteText(Path.Combine(folder, "confusion.csv"), Confusion(metrics, set));
                AtomicFile.WriteText(
                    Path.Combine(folder, "predictions.csv"),
                    Csv.Text(["path", "class", "predicted", "probability"], answers));
                AtomicFile.WriteText(Path.Combine(folder, "evaluation.json"), report.ToJsonString(JsonOutput.Options));
            }

            if (parsed.GetValue(json))
                JsonOutput.Write(report);
            else
                Print(report, metrics, set);
            return 0;
        });
        return command;
    }

    /// <summary>
    /// The part to measure on. A folder without parts of its own is measured whole, unless it is the one that the model
    /// was trained on: there only what was held out is new to it.
    /// </summary>
    private static ImageDataset Choose(DatasetSplits splits, string? name, bool own)
    {
        if (name is null && splits.Whole is not null && own)
        {
            Console.Error.WriteLine("the images of the model's own run, it seems: measuring what it held out; "
                + "--split all measures all, those it was trained on too");
        }

        ImageDataset set = name switch
        {
            null => splits.Test ?? (own ? null : splits.Whole) ?? splits.Validation,
            "all" => splits.Whole ?? throw new UsageException(
                "--split all: the data set has parts; give train, validation or test"),
            "train" => splits.Train,
            "validation" => splits.Validation,
            "test" => splits.Test ?? throw new VisionMambaException("--split test: the data set has no test images"),
            _ => throw new UsageException($"--split {name}: must be all, train, validation or test"),
        };
        return set.Count > 0 ? set : throw new VisionMambaException($"{set.Name}: has no images; give another --split");
    }

    /// <summary>
    /// Whether the model was trained on these images: its run's folder says so, or there are as many as it saw.
    /// </summary>
    private static bool IsOwn(ModelCard card, string model, RunData images, DatasetSplits splits) =>
        TrainedOn.Folder(model) == images.Folder || ((string?)card.Provenance["data"])?.EndsWith(
            $": {splits.Train.Count} images, {splits.Train.Classes.Count} classes", StringComparison.Ordinal) == true;

    private static object?[] Answer(IReadOnlyList<string> classes, string path, int label, ReadOnlySpan<float> logits)
    {
        double[] probabilities = SoftTargets.Probabilities(logits);
        int best = Array.IndexOf(probabilities, probabilities.Max());
        string Name(int c) => c < classes.Count ? classes[c] : $"class {c}";
        return [path, Name(label), Name(best), probabilities[best]];
    }

    /// <summary>
    /// <paramref name="set"/> with the model's labels: its classes are the model's, or some of them, by name.
    /// </summary>
    private static ImageDataset OfModel(LoadedModel loaded, ImageDataset set, string path)
    {
        IReadOnlyList<string> known = loaded.Card.Classes;
        if (known.Count == 0 || known.SequenceEqual(set.Classes) || known.Distinct().Count() < known.Count)
        {
            ResumedRun.CheckClasses(loaded, set, path);
            return set;
        }

        int[] labels = [.. set.Classes.Select(name => known.ToList().IndexOf(name))];
        int unknown = Array.IndexOf(labels, -1);
        if (unknown >= 0)
        {
            string some = string.Join(", ", known.Take(NamedClasses)) + (known.Count > NamedClasses ? ", ..." : "");
            throw new VisionMambaException(
                $"{path}: has no class '{set.Classes[unknown]}', which the data set has; its classes are {some}");
        }

        return new ImageDataset(
            set.Name, known, [.. set.Samples.Select(s => s with { Label = labels[s.Label] })], set.Source);
    }

    private static JsonObject Report(Metrics metrics, ImageDataset set, double seconds)
    {
        var perClass = new JsonObject();
        for (int c = 0; c < set.Classes.Count; c++)
            perClass[set.Classes[c]] = double.IsNaN(metrics.ClassAccuracy(c)) ? null : metrics.ClassAccuracy(c);
        return new JsonObject
        {
            ["data"] = set.ToString(),
            ["images"] = metrics.Count,
            ["top1"] = metrics.Top1,
            ["top5"] = metrics.Top5,
            ["loss"] = metrics.Loss,
            ["images_per_second"] = metrics.Count / seconds,
            ["per_class_top1"] = perClass,
        };
    }

    private static void Print(JsonObject report, Metrics metrics, ImageDataset set)
    {
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{set}: top-1 {metrics.Top1:P2}, top-5 {metrics.Top5:P2}, loss {metrics.Loss:F4}, "
            + $"{(double)report["images_per_second"]!:F1} images/s"));
        foreach (int c in Enumerable.Range(0, set.Classes.Count).Where(c => !double.IsNaN(metrics.ClassAccuracy(c))))
            Console.Out.WriteLine($"  {set.Classes[c],-24} {metrics.ClassAccuracy(c):P1}");
    }

    /// <summary>Rows are true classes, columns answers.</summary>
    private static string Confusion(Metrics metrics, ImageDataset set)
    {
        IEnumerable<int> classes = Enumerable.Range(0, set.Classes.Count);
        return Csv.Text(
            ["true \\ predicted", .. set.Classes],
            classes.Select(truth => classes.Select(answer => (object?)metrics.Confusion(truth, answer))
                .Prepend(set.Classes[truth])));
    }
}
