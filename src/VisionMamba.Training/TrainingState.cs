using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;
using VisionMamba.Training.Optimizers;
using VisionMamba.Training.Schedules;

namespace VisionMamba.Training;

/// <summary>
/// Where a run stands. With the parameters, the optimizer's state and the average it is all that is needed to go on bit
/// by bit: random numbers and the order of the images are functions of the seed and these positions.
/// </summary>
public sealed record TrainingState
{
    private const string Key = "visionmamba.training", OptionsKey = "visionmamba.training.options";

    /// <summary>The epoch in work, from 0.</summary>
    public int Epoch { get; init; }

    /// <summary>Steps of this epoch that are done.</summary>
    public int StepInEpoch { get; init; }

    /// <summary>Steps done since the start.</summary>
    public long Step { get; init; }

    /// <summary>Sum of this epoch's losses so far.</summary>
    public double LossSum { get; init; }

    /// <summary>Best validation top-1 so far, -1 before the first.</summary>
    public double BestTop1 { get; init; } = -1;

    /// <summary>The epoch of <see cref="BestTop1"/>.</summary>
    public int BestEpoch { get; init; } = -1;

    /// <summary>Best validation top-1 of the averaged weights so far, -1 before the first.</summary>
    public double BestEmaTop1 { get; init; } = -1;

    /// <summary>The epoch of <see cref="BestEmaTop1"/>.</summary>
    public int BestEmaEpoch { get; init; } = -1;

    /// <summary>Where a plateau schedule stands; null for the others, which follow from the epoch.</summary>
    public PlateauState? Plateau { get; init; }

    /// <summary>Epochs since validation last improved, of the model or of its average.</summary>
    [JsonIgnore]
    public int EpochsWithoutProgress => Epoch - 1 - Math.Max(BestEpoch, BestEmaEpoch);

    /// <summary>
    /// Writes model, optimizer, average and state as one file, with the options for comparison on resuming.
    /// </summary>
    public void Save(
        string path, VisionMambaModel model, ModelCard card, Optimizer optimizer, AveragedModel? average = null,
        TrainingOptions? options = null)
    {
        var metadata = new Dictionary<string, string> { [Key] = Json(this).ToJsonString() };
        if (options is not null)
            metadata[OptionsKey] = ResumeCheck.Write(options);
        IEnumerable<(string, Tensor)> extra = optimizer.State.Select(s => (s.Key, s.Value))
            .Concat(average?.State ?? []);
        ModelFile.Save(path, model, card, extra, metadata);
    }

    /// <summary>
    /// Reads the state and fills <paramref name="optimizer"/> and <paramref name="average"/> from a file that
    /// <see cref="Save"/> wrote. With <paramref name="options"/>, those it was written with must give the same run.
    /// </summary>
    public static TrainingState Load(
        string path, Optimizer optimizer, AveragedModel? average = null, TrainingOptions? options = null)
    {
        using TensorFile file = TensorFile.Open(path);
        TrainingState state = Read(file);
        if (options is not null && file.Metadata.TryGetValue(OptionsKey, out string? written))
            ResumeCheck.Same(path, written, options);
        IEnumerable<(string Name, Tensor Tensor)> wanted = optimizer.State.Select(s => (s.Key, s.Value));
        foreach ((string name, Tensor tensor) in wanted.Concat(average?.State ?? []))
        {
            if (!file.Tensors.TryGetValue(name, out StoredTensor? stored) || stored.Count != tensor.Count)
                throw new VisionMambaException($"{path}: lacks {name}; it cannot be resumed with these options");
            stored.CopyTo(tensor.Span);
        }

        optimizer.Steps = state.Step;
        return state;
    }

    /// <summary>
    /// Throws one line when the run saved at <paramref name="path"/> cannot go on with <paramref name="options"/>.
    /// </summary>
    public static void CheckOptions(string path, TrainingOptions options)
    {
        using TensorFile file = TensorFile.Open(path);
        if (file.Metadata.TryGetValue(OptionsKey, out string? written))
            ResumeCheck.Same(path, written, options);
    }

    /// <summary>Reads the state alone from a file that <see cref="Save"/> wrote.</summary>
    public static TrainingState Read(TensorFile file)
    {
        if (!file.Metadata.TryGetValue(Key, out string? json))
        {
            throw new VisionMambaException(
                $"{file.Path}: holds a model but no training state; give a run's last.safetensors");
        }

        try
        {
            JsonObject state = JsonNode.Parse(json) as JsonObject ?? throw new JsonException("it is no object");
            return OptionsJson.Completed(state, Json(new TrainingState()))
                .Deserialize(TrainingJson.Default.TrainingState)!;
        }
        catch (JsonException e)
        {
            throw new VisionMambaException($"{file.Path}: its metadata {Key} is malformed ({e.Message})", e);
        }
    }

    private static JsonObject Json(TrainingState state) =>
        (JsonObject)JsonSerializer.SerializeToNode(state, TrainingJson.Default.TrainingState)!;

    /// <summary>The state as shown to people and saved with the best model.</summary>
    public JsonObject Summary()
    {
        var summary = new JsonObject
        {
            ["epoch"] = Epoch,
            ["step"] = Step,
            ["best_validation_top1"] = BestTop1,
            ["best_epoch"] = BestEpoch + 1,
        };
        if (BestEmaEpoch >= 0)
        {
            summary["best_ema_validation_top1"] = BestEmaTop1;
            summary["best_ema_epoch"] = BestEmaEpoch + 1;
        }

        return summary;
    }
}
