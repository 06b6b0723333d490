using System.Text.Json.Nodes;
using VisionMamba.Cli.Recipes;
using VisionMamba.Data.Datasets;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
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
    private const long RuntimeBytes = 150L << 20;

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
        ParameterGroups groups = ParameterGroups.Of(Model.Parameters);
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
            ["memory_estimate"] = Memory(groups, probe),
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

    private JsonObject Memory(ParameterGroups groups, StepProbe probe)
    {
        long size = Model.Config.ImageSize, input = Batch * 3 * size * size * sizeof(float);
        long perImage = ActivationEstimate.BytesPerImage(Model) ?? probe.ActivationBytesPerImage;
        // Trained numbers have a gradient, two moments and, when asked for, a moving average; three batches are being made
        // while one is used, of which a micro-batch is computed at a time.
        long copies = Options.ModelEma ? 4 : 3, computed = Options.MicroBatch > 0 ? Math.Min(Options.MicroBatch, Batch) : Batch;
        long weights = groups.Total * sizeof(float), state = copies * groups.Trainable * sizeof(float), loader = 4 * input;
        return new JsonObject
        {
            ["weights"] = weights,
            ["training_state"] = state,
            ["activations_per_image"] = perImage,
            ["activations_per_image_measured"] = probe.ActivationBytesPerImage,
            ["activations"] = perImage * computed,
            ["image_batches"] = loader,
            ["runtime"] = RuntimeBytes,
            ["total"] = weights + state + (perImage * computed) + loader + RuntimeBytes,
            ["decoded_images_kept_at_most"] = CachedImageSource.DefaultBudget,
            ["machine"] = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        };
    }

    private JsonObject Time(StepProbe probe, Backend backend)
    {
        double? train = Steps * Batch * probe.TrainSecondsPerImage;
        double epochs = Steps is { } steps && StepsPerEpoch is { } each ? Math.Ceiling((double)steps / each)
            : Epochs;
        double? validate = Data?.Validation.Count * epochs * probe.EvaluateSecondsPerImage;
        return new JsonObject
        {
            ["device"] = backend.Description,
            ["measured_batch"] = probe.Batch,
            ["train_seconds_per_image"] = probe.TrainSecondsPerImage,
            ["evaluate_seconds_per_image"] = probe.EvaluateSecondsPerImage,
            ["train_seconds"] = train,
            ["validation_seconds"] = validate,
            ["total_seconds"] = train + (validate ?? 0),
        };
    }
}
