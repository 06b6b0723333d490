using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VisionMamba.Tensors.Files;
using VisionMamba.Training;

namespace VisionMamba.Cli.Verbs;

/// <summary>
/// The options of a run of the released Python code, from its checkpoint's args and lr_scheduler. Flags that were given
/// win; what this version has no option for is told.
/// </summary>
internal static class ReleasedArguments
{
    // flag, property of TrainingOptions, where the file has it
    private static readonly (string Flag, string Property, string[] Path)[] s_numbers =
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

    // Flags and recipes say these; the file's values are only shown.
    private static readonly string[] s_shown = ["aa", "mixup", "cutmix", "reprob", "color_jitter", "repeated_aug"];

    /// <summary>The options of <paramref name="file"/>'s run, with <paramref name="flags"/> where a flag was given.</summary>
    public static TrainingOptions Apply(TensorFile file, ParseResult parsed, TrainingOptions flags, List<string> notes)
    {
        if (file.Root!["args"]?["sched"]?.Text is { } sched and not "cosine")
            throw new VisionMambaException($"{file.Path}: its schedule '{sched}' cannot be gone on with; only cosine can");
        JsonObject options = JsonSerializer.SerializeToNode(flags)!.AsObject();
        foreach ((string flag, string property, string[] path) in s_numbers)
        {
            if (!IsGiven(parsed, flag) && Find(file, path)?.Number is { } number)
                options[property] = Node(property, number);
        }

        TrainingOptions read = options.Deserialize<TrainingOptions>()!;
        if (!IsGiven(parsed, "--lr") && BaseRate(file) is { } rate)
            read = read with { LearningRate = rate * 512 / read.Batch };
        string[] shown = [.. s_shown.Select(a => (Name: a, Value: file.Root["args"]?[a]))
            .Where(a => a.Value is PickleScalar { Value: not (null or false or 0L or 0.0 or "") })
            .Select(a => $"{a.Name} {a.Value}")];
        if (shown.Length > 0)
            notes.Add($"its run augmented with {string.Join(", ", shown)}; give flags or a recipe for the same");
        read.Validate();
        return read;
    }

    /// <summary>Whether the option was given on the command line.</summary>
    public static bool IsGiven(ParseResult parsed, string flag) =>
        parsed.CommandResult.Command.Options.FirstOrDefault(o => o.Name == flag) is { } option
        && parsed.GetResult(option) is { Implicit: false };

    private static PickleValue? Find(TensorFile file, string[] path) => path.Aggregate(file.Root, (at, key) => at?[key]);

    /// <summary>The rate after scaling by the batch, which is what the released code saves.</summary>
    private static double? BaseRate(TensorFile file) =>
        (Find(file, ["lr_scheduler", "base_values"])?.Items is [var first, ..] ? first.Number : null)
        ?? Find(file, ["args", "lr"])?.Number;

    private static JsonValue Node(string property, double number) =>
        typeof(TrainingOptions).GetProperty(property)!.PropertyType == typeof(double)
            ? JsonValue.Create(number)
            : JsonValue.Create((long)Math.Round(number, MidpointRounding.ToEven));
}
