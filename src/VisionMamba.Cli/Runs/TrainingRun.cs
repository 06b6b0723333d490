using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Planning;
using VisionMamba.Cli.Studies;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Datasets;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;
using VisionMamba.Training;

namespace VisionMamba.Cli.Runs;

/// <summary>A run's folder: run.json, then the trainer's files; shared by train and pretrain.</summary>
internal static class TrainingRun
{
    public const string FileName = "run.json";
    private const string ResultName = "result.json";

    /// <summary>
    /// Refuses a folder that already holds a run, so that nothing is overwritten by mistake. A run of which nothing was
    /// saved yet, because it met a bad image, say, may be begun anew.
    /// </summary>
    public static void CheckNew(string output)
    {
        const string Advice = "give another folder, or --resume to go on with it";
        if (File.Exists(output))
            throw new UsageException($"--output {output}: is a file; give a folder");
        if (RunSeries.Exists(output))
            throw new VisionMambaException($"--output {output}: already holds a study; {Advice}");
        var steps = new FileInfo(Path.Combine(output, RunLog.StepsName));
        bool saved = steps is { Exists: true, Length: > 0 } || File.Exists(Path.Combine(output, "best.safetensors"));
        if (File.Exists(Path.Combine(output, FileName)) && saved)
            throw new VisionMambaException($"--output {output}: already holds a run; {Advice}");
    }

    /// <summary>
    /// Trains, shows progress, and says at the end what was reached and where it is. A run that goes on holds its
    /// folder already: <paramref name="resumed"/>, which is null for a new one.
    /// </summary>
    public static int Start(
        string verb, VisionMambaModel model, RunData runData, DatasetSplits data, TrainingOptions options,
        Backend backend, string output, JsonObject source, RunLock? resumed, bool json, bool quiet = false)
    {
        Preprocessing preprocessing = Preprocessing.ImageNet(model.Config.ImageSize) with
        {
            CropFraction = options.CropFraction,
        };
        var card = new ModelCard
        {
            Classes = data.Train.Classes,
            Preprocessing = PreprocessingJson.Write(preprocessing),
            Provenance = new JsonObject
            {
                ["verb"] = verb,
                ["source"] = source.DeepClone(),
                ["data"] = data.Train.ToString(),
            },
        };
        TrainedOn.Write(card.Provenance, runData, options);
        Console.Error.WriteLine($"{data.Description}");
        Console.Error.WriteLine(
            $"{model.Parameters.Trainable.Sum(p => p.Count):N0} of {model.Parameters.All.Sum(p => p.Count):N0} "
            + $"parameters train by '{model.Method.Name}' on {backend.Description}; "
            + $"learning rate {options.ScaledRate:G3}");
        if (data.Train.Count < options.Batch)
        {
            Console.Error.WriteLine(
                $"--batch {options.Batch}: there are {data.Train.Count} training images, so a step has no more; the "
                + $"learning rate stays that of --batch {options.Batch}");
        }

        if (options.WarmupEpochs >= options.Epochs)
        {
            Console.Error.WriteLine(
                $"--warmup-epochs {options.WarmupEpochs}: all {options.Epochs} epochs warm up, and the learning rate "
                + "is never reached; give fewer, or more --epochs");
        }

        using var session = new ModelSession(model, backend);
        // Before the folder is made: a teacher that cannot be read leaves none behind.
        var trainer = new Trainer(session, data, preprocessing, options, card, output);
        using RunLock? taken = resumed is null ? RunLock.Take(output) : null;
        using var interrupt = new Interrupt();
        if (resumed is null)
        {
            // Another process may have begun one meanwhile.
            CheckNew(output);
            // In this order: where there is a run.json there is something to resume from.
            trainer.SaveStart();
            WriteSettings(verb, model, runData, data, options, backend, output, source);
        }

        try
        {
            TrainingResult result = TrainingConsole.Run(
                verb, progress => trainer.Run(progress, resumed is not null, interrupt.Token));
            if (!result.Finished)
                return Interrupted();
            DatasetSplits shown = data with { Test = runData.TestAtEnd ? data.Test : null };
            JsonObject report = Report(
                trainer, result, session, shown, preprocessing, options, output, interrupt.Token);
            if (!quiet)
                Print(report, json);
            return 0;
        }
        catch (DeviceMemoryException e)
        {
            session.Dispose();
            throw DeviceMemoryAdvice.Of(e, model, options, data.Train.Count, backend);
        }
        catch (OperationCanceledException)
        {
            return Interrupted();
        }

        int Interrupted()
        {
            // A run of a study goes on with the study, which says how.
            Console.Error.WriteLine(
                "interrupted and saved" + (quiet ? "" : $"; go on with: {ShellWords.Resume(verb, output)}"));
            return 1;
        }
    }

    /// <summary>Measures the test images and writes result.json; one of the same epochs stays.</summary>
    private static JsonObject Report(
        Trainer trainer, TrainingResult result, ModelSession session, DatasetSplits data, Preprocessing preprocessing,
        TrainingOptions options, string output, CancellationToken cancel)
    {
        string path = Path.Combine(output, ResultName);
        // Null when a run is resumed that had only its result left to write: nothing was measured then.
        bool trained = result.Validation is not null;
        RunRecord? record = trained ? null : RunRecord.Open(output);
        if (record?.Result is { } before)
        {
            Console.Error.WriteLine($"--output {output}: is finished already; this is its result");
            return before;
        }

        EpochRow? logged = record?.Last;
        var report = new JsonObject
        {
            ["last"] = trainer.LastPath,
            ["best"] = trainer.BestPath,
            ["pack"] = PackFiles.WriteBeside(trainer.BestPath),
            ["validation_top1_last"] = result.Validation?.Top1 ?? logged?.ValidationTop1,
            ["validation_top1_best"] = result.State.BestTop1,
            ["best_epoch"] = result.State.BestEpoch + 1,
            ["epochs"] = result.State.Epoch,
            ["images_per_second"] = trained ? result.ImagesPerSecond : null,
            ["step_peak_bytes"] = trained ? session.PeakBytes : null,
            ["peak_memory_bytes"] = System.Diagnostics.Process.GetCurrentProcess().PeakWorkingSet64,
        };
        if (options.ModelEma)
        {
            report["best_ema"] = trainer.BestAveragePath;
            report["validation_top1_ema_last"] = result.AverageValidation?.Top1 ?? logged?.AverageTop1;
            report["validation_top1_ema_best"] = result.State.BestEmaTop1;
            report["best_ema_epoch"] = result.State.BestEmaEpoch + 1;
        }

        if (data.Test is not null)
        {
            int batch = BatchPieces.Images(options, session.Model.Config, session.Backend);
            Metrics test = Evaluator.Run(
                session, data.Test, preprocessing, batch, options.Workers, cancel: cancel);
            report["test_top1_last"] = test.Top1;
        }

        AtomicFile.WriteText(path, report.ToJsonString(JsonOutput.Options));
        return report;
    }

    private static void Print(JsonObject report, bool json)
    {
        if (json)
        {
            JsonOutput.Write(report);
            return;
        }

        foreach ((string key, JsonNode? value) in report)
            Console.Out.WriteLine($"{key,-22} {value}");
    }

    /// <summary>Writes run.json: all that decides the run.</summary>
    public static void WriteSettings(
        string verb, VisionMambaModel model, RunData runData, DatasetSplits data, TrainingOptions options,
        Backend backend, string output, JsonObject source)
    {
        static JsonObject Counts(ImageDataset set) => new() { ["images"] = set.Count, ["classes"] = set.Classes.Count };
        var run = new JsonObject
        {
            ["verb"] = verb,
            ["started"] = DateTimeOffset.Now.ToString("O"),
            ["version"] = typeof(TrainingRun).Assembly.GetName().Version!.ToString(3),
            ["runtime"] = RuntimeInformation.FrameworkDescription,
            ["system"] = RuntimeInformation.OSDescription,
            ["device"] = backend.Description,
            ["data"] = RunJson.Write(runData),
            ["counts"] = new JsonObject
            {
                ["train"] = Counts(data.Train),
                ["validation"] = Counts(data.Validation),
                ["test"] = data.Test is null ? null : Counts(data.Test),
                ["split"] = data.Description,
            },
            ["source"] = source.DeepClone(),
            ["model"] = ConfigJson.Write(model.Config),
            ["method"] = new JsonObject { ["name"] = model.Method.Name, ["settings"] = model.Method.Settings },
            ["parameters"] = model.Parameters.All.Sum(p => p.Count),
            ["trainable_parameters"] = model.Parameters.Trainable.Sum(p => p.Count),
            ["options"] = OptionsJson.Write(options),
        };
        AtomicFile.WriteText(Path.Combine(output, FileName), run.ToJsonString(JsonOutput.Options));
    }
}
