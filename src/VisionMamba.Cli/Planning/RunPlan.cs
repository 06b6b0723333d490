using System.Text.Json.Nodes;
using VisionMamba.Cli.Recipes;
using VisionMamba.Data.Datasets;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Models.Prompting.Linear;
using VisionMamba.Tensors;
using VisionMamba.Training;
using VisionMamba.Training.Schedules;

namespace VisionMamba.Cli.Planning;

/// <summary>What svp train --dry-run says: settings and their origin, data, parameters, steps, memory and
/// time.</summary>
internal sealed record RunPlan(
    IReadOnlyList<Setting> Settings, VisionMambaModel Model, DatasetSplits? Data, TrainingOptions Options,
        Recipe? Recipe)
{
    /// <summary>Images trained on in an epoch; null when neither the data nor the recipe says.</summary>
    private long? TrainImages => Data?.Train.Count ?? Recipe?.TrainImages;

    /// <summary>Images of a step: no more than there are.</summary>
    private long Batch => Math.Min(Options.Batch, TrainImages ?? Options.Batch);

    private long? StepsPerEpoch => TrainImages / Batch;

    /// <summary>With the schedule's further cycles and its cooldown.</summary>
    private int Epochs => new LearningRates(Options).Epochs;

    private long? Steps => StepsPerEpoch is not { } each ? null
        : Options.MaxSteps > 0 ? Math.Min(Options.MaxSteps, each * Epochs) : each * Epochs;

    /// <summary>The plan as JSON; measures steps of a few images on <paramref name="backend"/>.</summary>
    public JsonObject Write(Backend backend, double warmSeconds = StepProbe.WarmSeconds)
    {
        ParameterCounts groups = ParameterCounts.Of(Model.Parameters);
        StepProbe probe = StepProbe.Measure(Model, backend, (int)Batch, warmSeconds);
        return new JsonObject
        {
            ["recipe"] = Recipe?.Path,
            ["notes"] = new JsonArray([.. (Recipe?.Notes ?? []).Select(n => (JsonNode)n)]),
            ["settings"] = new JsonObject(Settings.Select(s => KeyValuePair.Create(
                s.Key, (JsonNode?)new JsonObject { ["value"] = s.Value?.DeepClone(), ["from"] = s.Origin }))),
            ["learning_rate_scaled"] = Options.ScaledRate,
            ["model"] = ConfigJson.Write(Model.Config),
            ["method"] = new JsonObject { ["name"] = Model.Method.Name, ["settings"] = Model.Method.Settings },
            ["data"] = Counts(),
            ["parameters"] = new JsonObject
            {
                ["groups"] = new JsonObject(groups.Counts.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value))),
                ["prompts"] = groups.Prompts,
                ["trainable"] = groups.Trainable,
                ["total"] = groups.Total,
            },
            ["steps_per_epoch"] = StepsPerEpoch,
            ["steps"] = Steps,
            ["memory_estimate"] = Memory(groups, probe, backend),
            ["time_estimate"] = Time(probe, backend),
        };
    }

    private JsonObject? Counts() => Data is null ? null : new JsonObject
    {
        ["description"] = Data.Description,
        ["classes"] = Data.Train.Classes.Count,
        ["train"] = Data.Train.Count,
        ["validation"] = Data.Validation.Count,
        ["test"] = Data.Test?.Count,
    };

    private JsonObject Memory(ParameterCounts groups, StepProbe probe, Backend backend)
    {
        long perImage = ActivationEstimate.BytesPerImage(Model, backend) ?? probe.ActivationBytesPerImage;
        MemoryEstimate memory = MemoryEstimate.Of(Model, groups, Options, Batch, perImage);
        long computed = Math.Min(BatchPieces.Images(Options, Model.Config, backend), Batch);
        return new JsonObject
        {
            ["weights"] = memory.Weights,
            ["training_state"] = memory.State,
            ["activations_per_image"] = perImage,
            ["activations_per_image_measured"] = probe.ActivationBytesPerImage,
            ["images_at_once"] = computed,
            ["activations"] = memory.Activations(computed),
            ["image_batches"] = memory.Loader,
            ["runtime"] = MemoryEstimate.Runtime,
            ["total"] = memory.Total(computed),
            ["decoded_images_kept_at_most"] = Options.CacheBytes,
            ["machine"] = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        };
    }

    private JsonObject Time(StepProbe probe, Backend backend)
    {
        double? train = Steps * Batch * probe.TrainSecondsPerImage;
        double epochs = Steps is { } steps && StepsPerEpoch is { } each ? Math.Ceiling((double)steps / each)
            : Epochs;
        // Where only the head trains, the backbone computes each image once, unless it comes differently each time.
        bool once = Model.Method is LinearMethod, same = once && Options.InputsRepeat() && !Options.Augment.Varies;
        if (same)
            train = TrainImages * probe.EvaluateSecondsPerImage;
        double? validate = Data?.Validation.Count * (once ? 1 : epochs) * probe.EvaluateSecondsPerImage;
        return new JsonObject
        {
            ["device"] = backend.Description,
            ["measured_batch"] = probe.Batch,
            ["train_seconds_per_image"] = probe.TrainSecondsPerImage,
            ["evaluate_seconds_per_image"] = probe.EvaluateSecondsPerImage,
            ["features_kept"] = same,
            ["train_seconds"] = train,
            ["validation_seconds"] = validate,
            ["total_seconds"] = train + (validate ?? 0),
        };
    }
}
