using System.Text.Json.Nodes;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Runs;
using VisionMamba.Tensors.Files;
using VisionMamba.Training;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>Trains the runs of a study with svp train's own code and reads what they left behind.</summary>
internal sealed class StudyRuns(
    StudyPlan plan, StudyFolder folder, IReadOnlyList<string> device, ITrainingProgress progress)
{
    private const string ArgumentsFile = "arguments.json";

    /// <summary>Whether the last run was stopped by the user and saved.</summary>
    public bool Interrupted { get; private set; }

    /// <summary>
    /// Does a run, or goes on with it; fills <paramref name="empty"/> with its results. Null when it was interrupted.
    /// </summary>
    public StudyRecord? Do(StudyCell cell, StudyUnit unit, double rate, StudyRecord empty)
    {
        // The chosen rate was tuned with the first seed: the same run, of which only the test is missing.
        StudyUnit? tuned = unit.Rate is null && unit == cell.Seeds[0]
            ? StudyChoice.Tuning(folder, plan.File, cell).FirstOrDefault(t => t.Rate == rate) : null;
        string? model = tuned is null ? null : Path.Combine(folder.Run(tuned), "last.safetensors");
        if (tuned is not null && File.Exists(model))
            return Tested(tuned, model, empty);
        try
        {
            return Train(unit, rate) ? Read(folder.Run(unit), empty) : null;
        }
        catch (DivergedException e)
        {
            return empty with { Failed = e.Message };
        }
    }

    private bool Train(StudyUnit unit, double rate)
    {
        string run = folder.Run(unit);
        IReadOnlyList<string> arguments = plan.Arguments(unit, rate);
        bool begun = IsBegun(run, arguments);
        string[] line = begun
            ? ["train", "--output", run, "--resume", "--quiet", .. device]
            :
            [
                "train", GivenFlags.MayLieIdle, .. arguments, .. plan.Places(unit),
                "--test-at-end", unit.Rate is null ? "true" : "false", "--tensorboard", "false",
                "--output", run, "--quiet", .. device,
            ];
        Interrupted = RunConsole.Run(line, Path.Combine(run, "console.log"), progress) != 0;
        return !Interrupted;
    }

    /// <summary>
    /// Whether a run with these flags was begun in the folder. One with others, or one that has nothing to go on from,
    /// is removed: the study was changed, or its process was killed before the first checkpoint.
    /// </summary>
    private static bool IsBegun(string run, IReadOnlyList<string> arguments)
    {
        string file = Path.Combine(run, ArgumentsFile), text = new JsonArray([.. arguments.Select(a => (JsonNode)a)])
            .ToJsonString();
        bool same = File.Exists(file) && File.ReadAllText(file) == text;
        if (same && File.Exists(Path.Combine(run, "run.json")) && File.Exists(Path.Combine(run, "last.safetensors")))
            return true;
        if (Directory.Exists(run))
            Directory.Delete(run, recursive: true);
        Directory.CreateDirectory(run);
        AtomicFile.WriteText(file, text);
        return false;
    }

    private StudyRecord Tested(StudyUnit tuned, string model, StudyRecord empty)
    {
        JsonObject test = RunConsole.Json(
        [
            "evaluate", "--checkpoint", model, "--split", "test",
            .. plan.Folders.TryGetValue(tuned.Task.Name, out string? data) ? ["--data", data] : Array.Empty<string>(),
            .. plan.PrecisionFlag, .. device,
        ]);
        StudyRecord before = folder.Recorded(tuned)!;
        return before with
        {
            Tuning = false,
            Arguments = empty.Arguments,
            TestTop1 = (double)test["top1"]!,
            TestImages = (int)test["images"]!,
        };
    }

    private static StudyRecord Read(string run, StudyRecord empty)
    {
        RunRecord record = RunRecord.Open(run);
        JsonObject result = record.Result!, counts = (JsonObject)record.Settings["counts"]!;
        double? speed = (double?)result["images_per_second"];
        int train = (int)counts["train"]!["images"]!;
        int batch = Math.Min((int)record.Settings["options"]![nameof(TrainingOptions.Batch)]!, train);
        double? test = (double?)result["test_top1_last"];
        return empty with
        {
            TrainableParameters = record.TrainableParameters,
            ValidationTop1 = record.Last?.ValidationTop1,
            ValidationLoss = record.Last?.ValidationLoss,
            TestTop1 = test,
            TrainImages = train,
            ValidationImages = (int)counts["validation"]!["images"]!,
            TestImages = test is null ? null : (int?)counts["test"]?["images"],
            ImagesPerSecond = speed,
            SecondsPerStep = speed > 0 ? batch / speed : null,
            StepPeakBytes = (long?)result["step_peak_bytes"],
            Seconds = record.Epochs.Sum(e => e.Seconds),
            Run = record.Settings,
        };
    }
}
