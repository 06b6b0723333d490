using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Flags;
using VisionMamba.Data.Augment;
using VisionMamba.Tensors.Files;
using VisionMamba.Training;

namespace VisionMamba.Cli.Released;

/// <summary>
/// The options of a run of the released Python code, from its checkpoint's args and lr_scheduler. Flags that were given
/// win.
/// </summary>
internal static class ReleasedArguments
{
    // flag, property of TrainingOptions, where the file has it
    private static readonly (string Flag, string Property, string[] Path)[] s_taken =
    [
        ("--epochs", nameof(TrainingOptions.Epochs), ["lr_scheduler", "t_initial"]),
        ("--batch", nameof(TrainingOptions.Batch), ["args", "batch_size"]),
        ("--weight-decay", nameof(TrainingOptions.WeightDecay), ["args", "weight_decay"]),
        ("--warmup-epochs", nameof(TrainingOptions.WarmupEpochs), ["lr_scheduler", "warmup_t"]),
        ("--warmup-lr", nameof(TrainingOptions.WarmupRate), ["lr_scheduler", "warmup_lr_init"]),
        ("--min-lr", nameof(TrainingOptions.MinimumRate), ["lr_scheduler", "lr_min"]),
        ("--label-smoothing", nameof(TrainingOptions.LabelSmoothing), ["args", "smoothing"]),
        ("--drop-path", nameof(TrainingOptions.DropPath), ["args", "drop_path"]),
        ("--clip-grad", nameof(TrainingOptions.ClipGradient), ["args", "clip_grad"]),
        ("--seed", nameof(TrainingOptions.Seed), ["args", "seed"]),
    ];

    private static readonly (string Flag, string Property, string[] Path)[] s_augment =
    [
        ("--aa", nameof(AugmentOptions.AutoAugment), ["args", "aa"]),
        ("--color-jitter", nameof(AugmentOptions.ColorJitter), ["args", "color_jitter"]),
        ("--train-interpolation", nameof(AugmentOptions.Interpolation), ["args", "train_interpolation"]),
        ("--src", nameof(AugmentOptions.SimpleCrop), ["args", "src"]),
        ("--reprob", nameof(AugmentOptions.EraseProbability), ["args", "reprob"]),
        ("--remode", nameof(AugmentOptions.EraseMode), ["args", "remode"]),
        ("--recount", nameof(AugmentOptions.EraseCount), ["args", "recount"]),
        ("--mixup", nameof(AugmentOptions.Mixup), ["args", "mixup"]),
        ("--cutmix", nameof(AugmentOptions.Cutmix), ["args", "cutmix"]),
        ("--mixup-prob", nameof(AugmentOptions.MixProbability), ["args", "mixup_prob"]),
        ("--mixup-switch-prob", nameof(AugmentOptions.MixSwitchProbability), ["args", "mixup_switch_prob"]),
        ("--mixup-mode", nameof(AugmentOptions.MixMode), ["args", "mixup_mode"]),
    ];

    /// <summary>
    /// The options of <paramref name="file"/>'s run, with <paramref name="flags"/> where a flag was given.
    /// </summary>
    public static TrainingOptions Apply(TensorFile file, ParseResult parsed, TrainingOptions flags)
    {
        if (file.Root!["args"]?["sched"]?.Text is { } sched and not "cosine")
        {
            throw new VisionMambaException(
                $"{file.Path}: its schedule '{sched}' cannot be gone on with; only cosine can");
        }

        if (flags.Sched != "cosine")
            throw new UsageException($"--sched {flags.Sched}: only cosine goes on from {file.Path}; leave it out");
        TrainingOptions plain = Taken(
            typeof(TrainingOptions), OptionsJson.Write(flags), s_taken, file, parsed, OptionsJson.Read);
        TrainingOptions read = plain with
        {
            Augment = Taken(
                typeof(AugmentOptions), OptionsJson.Write(flags.Augment), s_augment, file, parsed,
                OptionsJson.ReadAugment),
        };
        if (!parsed.IsGiven("--lr") && BaseRate(file) is { } rate)
            read = read with { LearningRate = rate * 512 / read.Batch };
        try
        {
            read.Validate();
        }
        catch (VisionMambaException e)
        {
            throw new VisionMambaException($"{file.Path}: its run's options are refused: {e.Message}", e);
        }

        return read;
    }

    private static PickleValue? Find(TensorFile file, string[] path) =>
        path.Aggregate(file.Root, (at, key) => at?[key]);

    /// <summary>The rate after scaling by the batch, which is what the released code saves.</summary>
    private static double? BaseRate(TensorFile file) =>
        (Find(file, ["lr_scheduler", "base_values"])?.Items is [var first, ..] ? first.Number : null)
        ?? Find(file, ["args", "lr"])?.Number;

    private static T Taken<T>(
        Type type, JsonObject options, (string Flag, string Property, string[] Path)[] taken, TensorFile file,
        ParseResult parsed, Func<JsonObject, T> read)
    {
        foreach ((string flag, string property, string[] path) in taken)
        {
            if (!parsed.IsGiven(flag) && Find(file, path) is PickleScalar { Value: not null } value)
                options[property] = Node(OptionsJson.IsReal(type, property), value);
        }

        try
        {
            return read(options);
        }
        catch (JsonException e)
        {
            throw new VisionMambaException(
                $"{file.Path}: its run's options cannot be read ({e.Message.ReplaceLineEndings(" ")})", e);
        }
    }

    private static JsonNode? Node(bool real, PickleScalar value) => value.Number switch
    {
        { } number when real => JsonValue.Create(number),
        { } number => JsonValue.Create((long)Math.Round(number, MidpointRounding.ToEven)),
        _ => value.Truth is { } truth ? JsonValue.Create(truth) : JsonValue.Create(value.Text),
    };
}
