using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Planning;
using VisionMamba.Cli.Runs;
using VisionMamba.Data.Datasets;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;
using VisionMamba.Training;
using VisionMamba.Training.Interchange;
using VisionMamba.Training.Optimizers;

namespace VisionMamba.Cli.Released;

/// <summary>
/// svp train --resume-from: goes on with a run of the released Python code. Its checkpoint becomes the run's own
/// last.safetensors, and the run is resumed from that.
/// </summary>
internal sealed class ReleasedResume
{
    private static readonly string[] s_ofTheFile = ["--backbone", "--recipe", "--position-class-token"];

    // What the shapes in the file leave open.
    private static readonly string[] s_open = ["--shared-layers", "--simam", "--cross-prompt-source"];

    public Option<string?> From { get; } = new("--resume-from")
    {
        Description = "go on with a run of the released Python code: its checkpoint, with optimizer (.pth)",
        HelpName = "FILE",
    };

    /// <summary>Runs it where --resume-from is given; else null.</summary>
    public int? Run(
        ParseResult parsed, TrainingOptions flags, DataFlags data, MethodFlags method, MemoryFlag memory,
        Backend backend, string folder, bool testAtEnd, bool json, bool quiet)
    {
        if (parsed.GetValue(From) is not { } path)
            return null;
        IEnumerable<string> fixedByFile = s_ofTheFile.Concat(method.All.Select(o => o.Name).Except(s_open));
        if (fixedByFile.FirstOrDefault(f => parsed.IsGiven(f)) is { } given)
            throw new UsageException($"{given}: with --resume-from it is the file's; leave it out");
        using TensorFile file = TensorFile.Open(path);
        if (!ReleasedTraining.IsIn(file))
        {
            throw new VisionMambaException($"{path}: holds no optimizer of the released code; go on with a run of "
                + "ours by --resume, or start from a model by --backbone");
        }

        TrainingOptions options = ReleasedArguments.Apply(file, parsed, flags);
        LoadedModel loaded = ModelFile.Load(path, LoadOptions(parsed, file));
        ReleasedTraining training = ReleasedTraining.Read(file, loaded.Model);
        foreach (string note in loaded.Notes)
            Console.Error.WriteLine($"{path}: {note}");
        if (training.EpochsDone >= options.Epochs)
        {
            throw new VisionMambaException(
                $"{path}: its {training.EpochsDone} epochs of {options.Epochs} are done; give --epochs N to train on");
        }

        if (options.MaxSteps > 0 && options.MaxSteps <= training.Steps)
        {
            throw new VisionMambaException(
                $"--max-steps {options.MaxSteps}: the run in {path} has taken {training.Steps} steps; give more");
        }

        options = WithAdamOf(training, parsed, options);

        RunData images = data.Read(parsed, options.Seed) with { TestAtEnd = testAtEnd };
        DatasetSplits splits = DataFlags.LoadReadable(images);
        CheckClasses(path, loaded, splits);
        options = memory.Fit(parsed, options, loaded.Model, splits.Train.Count, backend);
        if (parsed.IsGiven("--dry-run"))
            return Plan(training, options, splits);
        var source = new JsonObject
        {
            ["resumed_from"] = Path.GetFileName(path),
            ["epochs_done"] = training.EpochsDone,
        };
        if (options.Opt != "adamw")
        {
            throw new UsageException(
                $"--opt {options.Opt}: the released code's run was trained with adamw; leave it out");
        }

        var optimizer = new AdamWOptimizer(
            loaded.Model.Parameters, options.OptimizerSettings(loaded.Model.Method.SharedLayers));
        // The average of the released code is never read there; one asked for here starts at the weights.
        AveragedModel? average = options.ModelEma ? new(loaded.Model.Parameters, options.ModelEmaDecay) : null;
        training.Fill(optimizer);
        using RunLock held = RunLock.Take(folder);
        TrainingRun.CheckNew(folder);
        training.State().Save(
            Path.Combine(folder, "last.safetensors"), loaded.Model, loaded.Card, optimizer, average, options);
        TrainingRun.WriteSettings("train", loaded.Model, images, splits, options, backend, folder, source);
        return TrainingRun.Start(
            "train", loaded.Model, images, splits, options, backend, folder, source, held, json, quiet);
    }

    /// <summary>AdamW's epsilon and betas are the file's, unless a flag says them.</summary>
    private static TrainingOptions WithAdamOf(
        ReleasedTraining training, ParseResult parsed, TrainingOptions options)
    {
        double? epsilon = parsed.IsGiven("--opt-eps") ? null : training.Epsilon;
        IReadOnlyList<double>? betas = parsed.IsGiven("--opt-betas") ? null : training.Betas;
        return options with { OptEps = epsilon ?? options.OptEps, OptBetas = betas ?? options.OptBetas };
    }

    /// <summary>
    /// What the shapes leave open: flags, else the run's args; the released code reads paired halves.
    /// </summary>
    private static LoadOptions LoadOptions(ParseResult parsed, TensorFile file)
    {
        T? Given<T>(string flag) => parsed.IsGiven(flag) ? parsed.GetValue<T>(flag) : default;
        return new LoadOptions
        {
            Copy = true,
            ImageSize = Given<int?>("--image-size"),
            Stride = Given<int?>("--stride"),
            SharedLayers = parsed.IsGiven("--shared-layers")
                ? parsed.GetValue<int>("--shared-layers") : null,
            SimAm = parsed.IsGiven("--simam") ? parsed.GetValue<bool>("--simam") : null,
            CrossPromptSource = Given<string>("--cross-prompt-source"),
            UnrecordedCrossPromptSource = "paired-halves",
        };
    }

    private static void CheckClasses(string path, LoadedModel loaded, DatasetSplits splits)
    {
        if (loaded.Model.Config.Classes != splits.Train.Classes.Count)
        {
            throw new VisionMambaException(
                $"{path}: tells {loaded.Model.Config.Classes} classes apart, the data set has "
                + $"{splits.Train.Classes.Count}; give the data it was trained on");
        }
    }

    private static int Plan(ReleasedTraining training, TrainingOptions options, DatasetSplits splits)
    {
        JsonOutput.Write(new JsonObject
        {
            ["epochs_done"] = training.EpochsDone,
            ["steps_done"] = training.Steps,
            ["parameters_with_moments"] = training.Names.Count,
            ["data"] = splits.Description,
            ["options"] = OptionsJson.Write(options),
            ["learning_rate_scaled"] = options.ScaledRate,
        });
        return 0;
    }
}
