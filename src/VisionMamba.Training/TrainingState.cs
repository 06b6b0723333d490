using System.Text.Json;
using System.Text.Json.Nodes;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;
using VisionMamba.Training.Optimizers;

namespace VisionMamba.Training;

/// <summary>Where a run stands; with the parameters and the optimizer's moments, all that is needed to go on bit by bit.</summary>
public sealed record TrainingState
{
    private const string Key = "visionmamba.training";

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

    /// <summary>Writes model, optimizer and state as one file.</summary>
    public void Save(string path, VisionMambaModel model, ModelCard card, AdamWOptimizer optimizer) => ModelFile.Save(
        path, model, card, optimizer.State, new Dictionary<string, string> { [Key] = JsonSerializer.Serialize(this) });

    /// <summary>Reads the state and fills <paramref name="optimizer"/> from a file that <see cref="Save"/> wrote.</summary>
    public static TrainingState Load(string path, AdamWOptimizer optimizer)
    {
        using TensorFile file = TensorFile.Open(path);
        TrainingState state = Read(file);
        foreach ((string name, Tensor moment) in optimizer.State)
        {
            if (!file.Tensors.TryGetValue(name, out StoredTensor? stored) || stored.Count != moment.Count)
                throw new VisionMambaException($"{path}: lacks the optimizer's {name}; it cannot be resumed");
            stored.CopyTo(moment.Span);
        }

        optimizer.Steps = state.Step;
        return state;
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
            return JsonSerializer.Deserialize<TrainingState>(json) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new VisionMambaException($"{file.Path}: its metadata {Key} is malformed ({e.Message})", e);
        }
    }

    /// <summary>The state as shown to people and saved with the best model.</summary>
    public JsonObject Summary() => new()
    {
        ["epoch"] = Epoch + 1,
        ["step"] = Step,
        ["best_validation_top1"] = BestTop1,
        ["best_epoch"] = BestEpoch + 1,
    };
}
