using System.Text.Json;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Flags;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>What a method costs on this machine, measured before the runs while nothing else computes.</summary>
/// <param name="Trainable">Parameters that train, on the first of its tasks.</param>
/// <param name="Batch">Images of a step.</param>
/// <param name="Epochs">Passes over the training images.</param>
/// <param name="TrainSeconds">Of an image: forward and backward pass, the fastest of some steps.</param>
/// <param name="EvaluateSeconds">Of an image: forward pass.</param>
/// <param name="ImageBytes">Peak of the activations of a training step, an image.</param>
/// <param name="Once">Whether the backbone computes each image once in a run, because only the head trains.</param>
internal sealed record MethodCost(
    long Trainable, int Batch, int Epochs, double TrainSeconds, double EvaluateSeconds, long ImageBytes,
    bool Once)
{
    /// <summary>What svp train --dry-run says.</summary>
    public static MethodCost Of(JsonObject plan)
    {
        JsonNode time = plan["time_estimate"]!, settings = plan["settings"]!;
        return new MethodCost(
            (long)plan["parameters"]!["trainable"]!, (int)settings["batch"]!["value"]!,
            (int)settings["epochs"]!["value"]!, (double)time["train_seconds_per_image"]!,
            (double)time["evaluate_seconds_per_image"]!,
            (long)plan["memory_estimate"]!["activations_per_image_measured"]!, (bool)time["features_kept"]!);
    }
}

/// <summary>How many images a task has.</summary>
internal sealed record TaskSize(int Classes, int Train, int Validation, int Test);

/// <summary>Costs of the methods and sizes of the tasks by name; costs.json in the study's folder.</summary>
internal sealed record StudyCosts(
    string Device, Dictionary<string, MethodCost> Methods, Dictionary<string, TaskSize> Tasks)
{
    private const string FileName = "costs.json";

    // Making the model, compiling, checkpoints: small beside any run that is worth making.
    private const double Overhead = 1.0;

    /// <summary>
    /// The costs in <paramref name="folder"/> (null for none), and what it lacks measured now. The same command as a
    /// user's: svp train --dry-run.
    /// </summary>
    public static StudyCosts Measure(
        StudyPlan plan, string? folder, IReadOnlyList<string> device, Action<string> progress)
    {
        StudyCosts costs = (folder is null ? null : Read(folder)) ?? new StudyCosts("", [], []);
        foreach (StudyCell cell in plan.Cells)
        {
            bool known = costs.Methods.ContainsKey(cell.Method.Name), sized = costs.Tasks.ContainsKey(cell.Task.Name);
            if (known && sized)
                continue;
            progress($"measuring {cell.Method.Name} on {cell.Task.Name}");
            StudyUnit unit = cell.Seeds[0];
            JsonObject planned = RunConsole.Json(
            [
                "train", GivenFlags.MayLieIdle, .. plan.Arguments(unit, plan.File.Rates[0]), .. plan.Places(unit),
                "--dry-run", .. device,
            ]);
            costs.Tasks.TryAdd(cell.Task.Name, Size(planned["data"]!, cell.Task.Name));
            costs.Methods.TryAdd(cell.Method.Name, MethodCost.Of(planned));
            costs = costs with { Device = (string)planned["time_estimate"]!["device"]! };
        }

        if (folder is not null)
        {
            AtomicFile.WriteText(
                Path.Combine(folder, FileName), JsonSerializer.Serialize(costs, StudyTypes.Strict.StudyCosts));
        }

        return costs;
    }

    /// <summary>The costs in a study's folder; null where none were measured yet.</summary>
    public static StudyCosts? Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        try
        {
            return File.Exists(path)
                ? JsonSerializer.Deserialize(File.ReadAllText(path), StudyTypes.Strict.StudyCosts) : null;
        }
        catch (JsonException e)
        {
            throw new VisionMambaException($"{path}: is damaged ({e.Message}); delete it to have it measured again", e);
        }
    }

    /// <summary>About how long a run takes; a first seed that was tuned is only tested.</summary>
    public double Seconds(StudyCell cell, StudyUnit unit)
    {
        MethodCost cost = Methods[cell.Method.Name];
        TaskSize size = Tasks[cell.Task.Name];
        double test = unit.Rate is null ? size.Test * cost.EvaluateSeconds : 0;
        if (unit.Rate is null && cell.Tuning.Count > 0 && unit == cell.Seeds[0])
            return test;
        if (cost.Once)
            return (size.Train + size.Validation) * cost.EvaluateSeconds + test + Overhead;
        int batch = Math.Min(cost.Batch, size.Train);
        double epoch = size.Train / batch * batch * cost.TrainSeconds + size.Validation * cost.EvaluateSeconds;
        return cost.Epochs * epoch + test + Overhead;
    }

    private static TaskSize Size(JsonNode data, string task) => new(
        (int)data["classes"]!, (int)data["train"]!, (int)data["validation"]!,
        (int?)data["test"] ?? throw new VisionMambaException(
            $"task {task}: its data has no test part; give it one, or draw its parts with the option sample"));
}
