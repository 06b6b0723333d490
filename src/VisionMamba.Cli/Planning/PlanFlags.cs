using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Recipes;
using VisionMamba.Data.Datasets;
using VisionMamba.Models;
using VisionMamba.Tensors;
using VisionMamba.Training;

namespace VisionMamba.Cli.Planning;

/// <summary>--dry-run, and --model: a plan needs a size, not a backbone's weights.</summary>
internal sealed class PlanFlags
{
    private static readonly string[] s_ofABackbone = ["--backbone", "--memory-limit", "--position-class-token"];

    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "print settings and their origin, parameters, steps, and estimates of memory and time; "
            + "train nothing",
    };

    private readonly Option<string?> _model = new("--model")
    {
        Description = "with --dry-run: plan for a size instead of a --backbone: "
            + string.Join(", ", VisionMambaConfig.Presets.Keys),
    };

    public IEnumerable<Option> All => [_dryRun, _model];

    public bool Asked(ParseResult parsed) => parsed.GetValue(_dryRun);

    /// <summary>Plans for a size given by --model, also without --data where the recipe knows its classes; else
    /// null.</summary>
    public int? OfPreset(
        ParseResult parsed, IEnumerable<Option> settings, DataFlags data, MethodFlags method, int? imageSize,
        TrainingOptions options,
        Backend backend, bool json)
    {
        if (parsed.GetValue(_model) is not { } name)
            return null;
        if (!Asked(parsed))
            throw new UsageException(
                "--model: belongs to --dry-run; give --backbone FILE, or train from scratch with svp pretrain");
        if (!VisionMambaConfig.Presets.TryGetValue(name, out VisionMambaConfig? size))
            throw new UsageException(
                $"--model {name}: unknown; known are {string.Join(", ", VisionMambaConfig.Presets.Keys)}");
        if (s_ofABackbone.FirstOrDefault(flag => parsed.IsGiven(flag)) is { } idle)
        {
            throw new UsageException(
                $"{idle}: has no effect beside --model, which plans for a size without weights; leave one out");
        }

        bool rendered = ProceduralDatasets.Has(parsed.GetValue(data.DataSet));
        DatasetSplits? splits = rendered || parsed.GetValue(data.Data) is not null
            ? DataFlags.Load(data.Read(parsed, options.Seed)) : null;
        int classes = splits?.Train.Classes.Count ?? RecipeFlag.Read(parsed)?.Classes
            ?? throw new UsageException(
                "--data DIR is missing; without it --dry-run needs a --recipe that names its number of classes");
        VisionMambaConfig config = size with
        {
            Classes = classes,
            HeadLayers = method.HeadLayers(parsed),
            SimAm = method.SimAm(parsed),
            ImageSize = imageSize ?? size.ImageSize,
            Stride = parsed.GetValue<int?>("--stride") ?? size.Stride,
        };
        var model = new VisionMambaModel(config, method.Read(parsed, config.Depth), options.Seed);
        return Print(parsed, settings, model, splits, options, backend, json);
    }

    private static Setting Shortened(Setting setting, TrainingOptions options) =>
        setting.Key == "warmup_epochs" && (int?)setting.Value != options.WarmupEpochs
            ? setting with { Value = options.WarmupEpochs, Origin = "a quarter of --epochs" } : setting;

    /// <summary>Prints the plan of a run.</summary>
    public static int Print(
        ParseResult parsed, IEnumerable<Option> settings, VisionMambaModel model, DatasetSplits? data,
        TrainingOptions options,
        Backend backend, bool json)
    {
        Recipe? recipe = RecipeFlag.Read(parsed);
        Console.Error.WriteLine($"measuring steps of a few images on {backend.Description}");
        IEnumerable<Setting> resolved = Setting.All(parsed, settings, recipe).Select(s => Shortened(s, options));
        JsonObject plan = new RunPlan([.. resolved], model, data, options, recipe).Write(backend);
        if (json)
            JsonOutput.Write(plan);
        else
            PlanText.Write(JsonOutput.Reread(plan), Console.Out);
        return 0;
    }
}
