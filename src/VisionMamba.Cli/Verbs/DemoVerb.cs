using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Devices;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Runs;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Datasets;
using VisionMamba.Data.Images;
using VisionMamba.Data.Procedural;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Training;
using VisionMamba.Training.Losses;

namespace VisionMamba.Cli.Verbs;

/// <summary>
/// svp demo: adapts the shipped, frozen backbone to eight kinds of rendered pictures that it has never seen, once by
/// linear probing and once with SVP, and writes a sheet of test pictures with SVP's answers.
/// </summary>
internal static class DemoVerb
{
    private const int TrainPerClass = 40, ValidationPerClass = 15, TestPerClass = 50, SheetPerClass = 3;
    private static readonly string[] s_methods = ["linear", "svp"];

    public static string BackbonePath => Path.Combine(AppContext.BaseDirectory, "Assets", "demo-backbone.safetensors");

    public static Command Create()
    {
        var command = new Command(
            "demo", "See SVP adapt a frozen backbone and name pictures: no download, about two minutes.");
        var device = new DeviceFlags();
        var output = new Option<string>("--output")
        {
            Description = "folder for the result",
            DefaultValueFactory = _ => "demo",
            HelpName = "DIR",
        };
        var epochs = new Option<int>("--epochs")
        {
            Description = "passes over the training pictures",
            DefaultValueFactory = _ => 60,
        };
        var images = new Option<string?>("--write-pretraining-images")
        {
            Description = "instead: write the pictures that the backbone was pre-trained on",
            HelpName = "DIR",
        };
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        foreach (Option option in new Option[] { output, epochs, images, json })
            command.Options.Add(option);
        device.AddTo(command);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(images) is { } pictures)
            {
                DemoImages.WriteFolders(pictures, trainPerClass: 800, validationPerClass: 50);
                return 0;
            }

            if (parsed.GetValue(epochs) < 1)
                throw new UsageException($"--epochs {parsed.GetValue(epochs)}: must be at least 1");
            // An earlier demonstration is written over; a training run never is.
            string folder = parsed.GetValue(output)!;
            TrainingRun.CheckNew(folder);
            foreach (string method in s_methods)
                TrainingRun.CheckNew(Path.Combine(folder, method));
            using Backend backend = device.Open(parsed);
            // Both at once: a minute of linear probing is not spent before the other folder turns out to be taken.
            using var linear = RunLock.Take(Path.Combine(folder, s_methods[0]));
            using var svp = RunLock.Take(Path.Combine(folder, s_methods[1]));
            using var interrupt = new Interrupt();
            return Run(backend, folder, parsed.GetValue(epochs), parsed.GetValue(json), interrupt.Token);
        });
        return command;
    }

    private static int Run(Backend backend, string output, int epochs, bool json, CancellationToken cancel)
    {
        IReadOnlyList<string> classes = ShapePictures.DemoClasses;
        var data = new DatasetSplits(
            DemoImages.Create("demo train", classes, TrainPerClass, seed: 0, stream: 11),
            DemoImages.Create("demo validation", classes, ValidationPerClass, seed: 0, stream: 12),
            DemoImages.Create("demo test", classes, TestPerClass, seed: 0, stream: 13),
            "rendered");
        Console.Error.WriteLine(
            $"A frozen Vision Mamba, pre-trained on {ShapePictures.PretrainClasses.Count} kinds of rendered shapes, "
            + $"learns {classes.Count} new ones from {TrainPerClass} pictures each, on {backend.Description}.");
        var report = new JsonObject { ["device"] = backend.Description, ["test_images"] = data.Test!.Count };
        foreach (string method in s_methods)
        {
            if (Adapt(method, backend, data, output, epochs, report, cancel) is not { } sheet)
            {
                Console.Error.WriteLine($"interrupted; {output} holds what was trained so far, and demo begins anew");
                return 1;
            }

            if (method == "svp")
                PictureSheet.Write(Path.Combine(output, "demo.png"), sheet, columns: 8, thumbnail: 112);
        }

        report["sheet"] = Path.Combine(output, "demo.png");
        report["model"] = Path.Combine(output, "svp", "best.safetensors");
        if (json)
            JsonOutput.Write(report);
        else
            Print(report);
        return 0;
    }

    private static List<SheetItem>? Adapt(
        string method, Backend backend, DatasetSplits data, string output, int epochs, JsonObject report,
        CancellationToken cancel)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        VisionMambaModel model = ModelFile.LoadBackbone(
            BackbonePath, TuningMethods.Create(method, new JsonObject { ["shared_layers"] = 4, ["inner_width"] = 32 }),
            data.Train.Classes.Count, headLayers: 1, simAm: false, seed: 0).Model;
        Preprocessing preprocessing = Preprocessing.ImageNet(model.Config.ImageSize) with { CropFraction = 1 };
        using var session = new ModelSession(model, backend);
        var options = new TrainingOptions
        {
            Epochs = epochs,
            Batch = 32,
            LearningRate = 0.16,
            WarmupEpochs = 2,
            DropPath = 0,
            CropScale = 0.6,
            WeightDecay = 1e-4,
        };
        var card = new ModelCard
        {
            Classes = data.Train.Classes,
            Preprocessing = PreprocessingJson.Write(preprocessing),
        };
        var trainer = new Trainer(session, data, preprocessing, options, card, Path.Combine(output, method));
        TrainingResult result = TrainingConsole.Run(method, progress => trainer.Run(progress, resume: false, cancel));
        if (!result.Finished)
            return null;
        // The epoch is chosen on the validation pictures; the test pictures are looked at once.
        using var best = new ModelSession(
            ModelFile.Load(trainer.BestPath, new LoadOptions { Copy = true }).Model, backend);
        Metrics test = Evaluator.Run(best, data.Test!, preprocessing, batch: 32, workers: 2, cancel: cancel);
        report[method] = new JsonObject
        {
            ["trainable_parameters"] = model.Parameters.Trainable.Sum(p => p.Count),
            ["test_top1"] = test.Top1,
            ["validation_top1"] = result.State.BestTop1,
            ["images_per_second"] = result.ImagesPerSecond,
            ["seconds"] = clock.Elapsed.TotalSeconds,
        };
        return Sheet(best, data.Test!, preprocessing);
    }

    private static List<SheetItem> Sheet(ModelSession session, ImageDataset test, Preprocessing preprocessing)
    {
        var transform = new EvalTransform(preprocessing);
        var items = new List<SheetItem>();
        for (int row = 0; row < SheetPerClass; row++)
        {
            for (int label = 0; label < test.Classes.Count; label++)
            {
                RgbImage picture = test.Load((label * TestPerClass) + row);
                float[] pixels = new float[3 * transform.Size * transform.Size];
                transform.Apply(picture, pixels);
                double[] probabilities = SoftTargets.Probabilities(session.Logits(pixels, 1));
                int answer = Array.IndexOf(probabilities, probabilities.Max());
                string caption = $"{test.Classes[answer]} {probabilities[answer]:P0}";
                if (answer != label)
                    caption += $"\nis {test.Classes[label]}";
                items.Add(new SheetItem(picture, caption, answer == label));
            }
        }

        return items;
    }

    private static void Print(JsonObject report)
    {
        Console.Out.WriteLine($"{"method",-8} {"trains",10}  {"test top-1",10}  {"time",8}");
        foreach (string method in s_methods)
        {
            JsonNode m = report[method]!;
            Console.Out.WriteLine(
                $"{method,-8} {(long)m["trainable_parameters"]!,10:N0}  {(double)m["test_top1"]!,10:P1}  "
                + $"{(double)m["seconds"]!,6:F0} s");
        }

        Console.Out.WriteLine($"picture sheet: {report["sheet"]}");
        Console.Out.WriteLine($"adapted model: {report["model"]} (try svp predict --checkpoint on it)");
    }
}
