using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Devices;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Planning;
using VisionMamba.Cli.Recipes;
using VisionMamba.Cli.Released;
using VisionMamba.Cli.Runs;
using VisionMamba.Cli.Studies;
using VisionMamba.Cli.Studies.Automatic;
using VisionMamba.Data.Datasets;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Training;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp train: adapts a backbone to a folder of images.</summary>
internal static class TrainVerb
{
    public static Command Create()
    {
        var command = new Command(
            "train", "Adapt a backbone to your images with SVP, linear probing or full fine-tuning.");
        var data = new DataFlags();
        var training = new TrainingFlags();
        var method = new MethodFlags();
        var device = new DeviceFlags();
        var backbone = new Option<string>(
            "--backbone")
        { Description = "Vim checkpoint, .pth or .safetensors", HelpName = "FILE" };
        var output = new Option<string?>("--output") { Description = "folder for the run", HelpName = "DIR" };
        var resume = new Option<bool>("--resume") { Description = "go on with the interrupted run in --output" };
        var plan = new PlanFlags();
        var study = new SeriesFlags();
        var auto = new AutoFlags(method);
        Option<string?> recipe = RecipeFlag.Create();
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        var size = new Option<int?>("--image-size")
        {
            Description = "train at this image side, resizing the backbone's position embeddings",
        };
        var stride = new Option<int?>("--stride")
        {
            Description = "the backbone's patch stride, where its file leaves it open",
        };
        var row = new Option<string>("--position-class-token")
        {
            Description = "row kept for the class token when resizing: middle, or first as the released code",
            DefaultValueFactory = _ => "middle",
        };
        row.AcceptOnlyFromAmong("middle", "first");
        var memory = new MemoryFlag();
        var released = new ReleasedResume();
        Option[] settings =
            [.. data.All, backbone, released.From, size, stride, row, .. method.All, .. auto.All, .. training.All];
        foreach (Option option in settings.Concat(
            [recipe, output, resume, .. plan.All, .. study.All, memory.Limit, json]))
            command.Options.Add(option);
        device.AddTo(command);
        command.SetAction(parsed =>
        {
            string folder = parsed.GetValue(output) ?? (
                plan.Asked(parsed) ? "" : throw new UsageException("--output DIR is missing"));
            if (parsed.GetValue(resume))
            {
                IEnumerable<Option> free = RunSeries.Exists(folder) || AutoSearch.IsBegun(folder)
                    ? [] : [.. training.Resumable, data.Data];
                Option[] more = [recipe, memory.Limit, device.OfTheRun, .. study.Fixed, .. plan.All];
                ResumedRun.RefuseFlags(parsed, [.. settings.Except(free), .. more]);
            }
            else if (!plan.Asked(parsed))
            {
                TrainingRun.CheckNew(folder);
            }

            if (auto.Run(parsed, folder, parsed.GetValue(resume)) is { } automatic)
                return automatic;
            if (study.Run(parsed, folder, parsed.GetValue(resume), plan.Asked(parsed), parsed.GetValue(
                json)) is { } studied)
                return studied;
            if (parsed.GetValue(resume))
            {
                return ResumedRun.GoOn(
                    "train", folder, device, parsed, data, parsed.GetValue(json), o => training.Over(parsed, o),
                    study.Quiet(parsed));
            }

            using Backend backend = device.Open(parsed);
            Flag.RequireAtLeast1(parsed, size, stride);
            TrainingOptions options = training.Read(parsed) with { Precision = device.Precision(parsed) };
            if (released.Run(
                parsed, options, data, method, memory, backend, folder, study.TestAtEnd(parsed), parsed.GetValue(json),
                study.Quiet(parsed)) is { } resumed)
                return resumed;
            if (plan.OfPreset(parsed, settings, data, method, parsed.GetValue(size), options, backend, parsed.GetValue(
                json)) is { } planned)
                return planned;
            RunData runData = data.Read(parsed, options.Seed) with { TestAtEnd = study.TestAtEnd(parsed) };
            string file = parsed.GetValue(backbone) ?? throw new UsageException("--backbone FILE is missing");
            var load = new LoadOptions
            {
                TargetImageSize = parsed.GetValue(size),
                Stride = parsed.GetValue(stride),
                PositionClassToken = parsed.GetValue(row) == "first" ? PositionClassToken.First
                    : PositionClassToken.Middle,
            };
            TuningMethod tuning = method.Read(parsed, ModelFile.Depth(file, load));
            DatasetSplits splits = DataFlags.LoadReadable(runData);
            LoadedModel loaded = ModelFile.LoadBackbone(
                file, tuning, splits.Train.Classes.Count, method.HeadLayers(parsed), method.SimAm(parsed), options.Seed,
                load);
            foreach (string note in loaded.Notes)
                Console.Error.WriteLine($"{file}: {note}");
            options = memory.Fit(parsed, options, loaded.Model, splits.Train.Count, backend);
            if (plan.Asked(parsed))
                return PlanFlags.Print(parsed, settings, loaded.Model, splits, options, backend, parsed.GetValue(json));
            var source = new JsonObject
            {
                ["backbone"] = Path.GetFileName(file),
                ["recipe"] = RecipeFlag.Read(parsed)?.Name,
            };
            if (loaded.ResizedPositions)
                source["position_embeddings"] = "resized";
            return TrainingRun.Start(
                "train", loaded.Model, runData, splits, options, backend, folder, source, resumed: null,
                parsed.GetValue(json), study.Quiet(parsed));
        });
        return command;
    }
}
