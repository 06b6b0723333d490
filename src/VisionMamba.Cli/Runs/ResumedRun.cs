using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Devices;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Output;
using VisionMamba.Data.Datasets;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;
using VisionMamba.Training;

namespace VisionMamba.Cli.Runs;

/// <summary>--resume of svp train and svp pretrain: goes on with the run in a folder.</summary>
internal static class ResumedRun
{
    /// <summary>Goes on with a run of either verb from its last checkpoint.</summary>
    public static int GoOn(
        string verb, string folder, DeviceFlags device, ParseResult parsed, DataFlags moved, bool json,
        Func<TrainingOptions, TrainingOptions> over, bool quiet = false)
    {
        if (ReadSettings(folder).Verb is var recorded && recorded != verb)
            throw new VisionMambaException(
                $"--output {folder}: was begun by 'svp {recorded}'; resume it with that verb");
        // Before anything is read: the process that has it may still write a later checkpoint.
        using RunLock held = RunLock.Take(folder);
        (_, RunData begun, TrainingOptions options, RunCounts counts) = ReadSettings(folder);
        RunData data = moved.Moved(parsed, begun);
        using Backend backend = device.Open(parsed, options.Precision);
        string last = Path.Combine(folder, "last.safetensors");
        LoadedModel loaded = ModelFile.Load(last, new LoadOptions { Copy = true });
        TrainingOptions changed = over(options);
        if (changed != options)
        {
            try
            {
                TrainingState.CheckOptions(last, changed);
            }
            catch (VisionMambaException e)
            {
                throw new UsageException(e.Message);
            }
        }

        DatasetSplits splits = DataFlags.LoadReadable(data);
        CheckClasses(loaded, splits.Train, last);
        CheckUnchanged(data.Folder, "training", splits.Train, counts.Train);
        CheckUnchanged(data.Folder, "validation", splits.Validation, counts.Validation);

        JsonObject source = loaded.Card.Provenance["source"] as JsonObject ?? [];
        if (changed != options || data != begun)
            Amend(folder, changed, data);
        return TrainingRun.Start(
            verb, loaded.Model, data, splits, changed, backend, folder, source, held, json, quiet);
    }

    /// <summary>
    /// Everything is taken from run.json: a flag beside --resume would be silently ignored, so it is refused.
    /// </summary>
    public static void RefuseFlags(ParseResult parsed, IEnumerable<Option> flags)
    {
        Option? given = flags.FirstOrDefault(f => parsed.IsGiven(f));
        if (given is not null)
        {
            throw new UsageException(
                $"{given.Name}: with --resume all settings come from the run's {TrainingRun.FileName}; leave it out");
        }
    }

    /// <summary>The settings of an interrupted run.</summary>
    private static RunSettings ReadSettings(string output)
    {
        string path = Path.Combine(output, TrainingRun.FileName);
        if (!File.Exists(path))
        {
            throw new VisionMambaException(
                $"{path}: no such file; --resume needs the --output folder of an earlier run");
        }

        try
        {
            RunSettings run = RunJson.ReadSettings(File.ReadAllText(path));
            run.Options.Validate();
            if (run.Data.OnBadImage is not ("fail" or "skip") || run.Data.SelectOn is not ("validation" or "test"))
                throw new JsonException("OnBadImage or SelectOn is none of their words");
            return run;
        }
        catch (Exception e) when (e is JsonException or VisionMambaException)
        {
            throw new VisionMambaException($"{path}: is damaged ({e.Message})", e);
        }
    }

    /// <summary>Refuses to go on with other images than a run began with, which would come in another order.</summary>
    private static void CheckUnchanged(string folder, string part, ImageDataset now, PartCounts before)
    {
        if (now.Count != before.Images)
        {
            throw new VisionMambaException(
                $"{folder}: has {now.Count} {part} images, the run began with {before.Images}; put back what it "
                + "began with, or begin a new run");
        }
    }

    /// <summary>Refuses a data set whose classes are not the model's.</summary>
    public static void CheckClasses(LoadedModel loaded, ImageDataset set, string path)
    {
        int classes = loaded.Model.Config.Classes;
        if (set.Classes.Count != classes)
        {
            throw new VisionMambaException(
                $"{path}: tells {classes} classes apart, the data set has {set.Classes.Count}");
        }

        if (loaded.Card.Classes.Count > 0 && !loaded.Card.Classes.SequenceEqual(set.Classes))
        {
            int at = loaded.Card.Classes.Zip(set.Classes).TakeWhile(p => p.First == p.Second).Count();
            throw new VisionMambaException(
                $"{path}: its class {at} is '{loaded.Card.Classes[at]}', the data set's is '{set.Classes[at]}'; "
                + "use the data set it was trained on");
        }
    }

    /// <summary>Writes other options, and where the images are now, into run.json, which keeps the rest.</summary>
    private static void Amend(string output, TrainingOptions options, RunData data)
    {
        string path = Path.Combine(output, TrainingRun.FileName);
        JsonNode run = JsonNode.Parse(File.ReadAllText(path))!;
        run["options"] = OptionsJson.Write(options);
        run["data"] = RunJson.Write(data);
        AtomicFile.WriteText(path, run.ToJsonString(JsonOutput.Options));
    }
}
