using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Devices;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Planning;
using VisionMamba.Data.Datasets;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;
using VisionMamba.Training;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp evaluate: accuracy of a model on labelled images.</summary>
internal static class EvaluateVerb
{
    public static Command Create()
    {
        var command = new Command(
            "evaluate", "Measure a model on labelled images: top-1, top-5, per class, confusion matrix.");
        var checkpoint = new CheckpointFlags();
        var data = new DataFlags();
        var device = new DeviceFlags(answersOnly: true);
        var split = new Option<string>("--split")
        {
            Description = "train, validation or test (default: test where there is one, else validation)",
        };
        var batch = new Option<int>("--batch") { Description = "images at a time", DefaultValueFactory = _ => 32 };
        var seed = new Option<ulong?>("--seed")
        {
            Description = "decides what was held out where the data has no validation part "
                + "(default: as in the model's run)",
        };
        var output = new Option<string?>("--output")
        {
            Description = "folder for confusion.csv and evaluation.json",
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
            if (parsed.GetValue(batch) < 1)
                throw new UsageException("--batch: must be at least 1");
            DatasetSplits splits = DataFlags.LoadReadable(data.Read(
                parsed, parsed.GetValue(seed), TrainedOn.Data(loaded.Card, checkpoint.Path(parsed))));
            ImageDataset set = Choose(splits, parsed.GetValue(split));
            CheckClasses(loaded, set, checkpoint.Path(parsed));
            using var session = new ModelSession(loaded.Model, backend);
            var clock = System.Diagnostics.Stopwatch.StartNew();
            Metrics metrics = Evaluator.Run(
                session, set, PreprocessingJson.Read(loaded.Card.Preprocessing, loaded.Model.Config.ImageSize),
                memory.Images(parsed, parsed.GetValue(batch), loaded.Model, backend), workers: 2);
            JsonObject report = Report(metrics, set, clock.Elapsed.TotalSeconds);
            report["split"] = splits.Description;
            if (parsed.GetValue(output) is { } folder)
            {
                AtomicFile.WriteText(Path.Combine(folder, "confusion.csv"), Confusion(metrics, set));
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

    private static ImageDataset Choose(DatasetSplits splits, string? name) => name switch
    {
        null => splits.Test ?? splits.Validation,
        "train" => splits.Train,
        "validation" => splits.Validation,
        "test" => splits.Test ?? throw new VisionMambaException("--split test: the data set has no test images"),
        _ => throw new UsageException($"--split {name}: must be train, validation or test"),
    };

    /// <summary>Refuses a data set whose classes are not the model's.</summary>
    public static void CheckClasses(LoadedModel loaded, ImageDataset set, string path)
    {
        int classes = loaded.Model.Config.Classes;
        if (set.Classes.Count != classes)
        {
            throw new VisionMambaException(
                $"{path}: tells {classes} classes apart, the data set has {set.Classes.Count}");
        }

        if (loaded.Card.Classes.Count > 0 && !loaded.Card.Classes.SequenceEqual(set.Classes))
        {
            int at = loaded.Card.Classes.Zip(set.Classes).TakeWhile(p => p.First == p.Second).Count();
            throw new VisionMambaException(
                $"{path}: its class {at} is '{loaded.Card.Classes[at]}', the data set's is '{set.Classes[at]}'; "
                + "use the data set it was trained on");
        }
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
        for (int c = 0; c < set.Classes.Count; c++)
            Console.Out.WriteLine($"  {set.Classes[c],-24} {metrics.ClassAccuracy(c):P1}");
    }

    /// <summary>Rows are true classes, columns answers.</summary>
    private static string Confusion(Metrics metrics, ImageDataset set)
    {
        static string Quoted(string name) =>
            name.AsSpan().IndexOfAny(",\"\n") < 0 ? name : $"\"{name.Replace("\"", "\"\"")}\"";
        var text = new StringBuilder("true \\ predicted," + string.Join(',', set.Classes.Select(Quoted)) + "\n");
        for (int truth = 0; truth < set.Classes.Count; truth++)
        {
            text.Append(Quoted(set.Classes[truth]));
            for (int answer = 0; answer < set.Classes.Count; answer++)
                text.Append(',').Append(metrics.Confusion(truth, answer));
            text.Append('\n');
        }

        return text.ToString();
    }
}
