using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Devices;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Planning;
using VisionMamba.Cli.Runs;
using VisionMamba.Data.Datasets;
using VisionMamba.Models;
using VisionMamba.Models.Prompting.Full;
using VisionMamba.Tensors;
using VisionMamba.Training;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp pretrain: trains a Vision Mamba from nothing.</summary>
internal static class PretrainVerb
{
    public static Command Create()
    {
        var command = new Command("pretrain", "Train a Vision Mamba backbone from scratch.");
        var data = new DataFlags();
        var training = new TrainingFlags(new TrainingOptions
        {
            Batch = 64,
            LearningRate = 8e-3,
            WeightDecay = 0.05,
            ClipGradient = 1,
        });
        var device = new DeviceFlags();
        var preset = new Option<string?>("--model")
        {
            Description = $"a preset: {string.Join(", ", VisionMambaConfig.Presets.Keys)}; the sizes below change it",
        };
        var dim = new Option<int?>("--dim") { Description = "token width" };
        var depth = new Option<int?>("--depth") { Description = "blocks" };
        var patch = new Option<int?>("--patch") { Description = "patch side in pixels" };
        var stride = new Option<int?>("--stride")
        {
            Description = "patch distance in pixels (default: the patch side)",
        };
        var size = new Option<int?>("--image-size") { Description = "image side in pixels" };
        var state = new Option<int?>("--state") { Description = "states per channel" };
        var output = new Option<string>("--output")
        {
            Description = "folder for the run",
            Required = true,
            HelpName = "DIR",
        };
        var resume = new Option<bool>("--resume") { Description = "go on with the interrupted run in --output" };
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        var memory = new MemoryFlag();
        Option[] settings = [.. data.All, preset, dim, depth, patch, stride, size, state, .. training.All];
        foreach (Option option in settings.Concat([output, resume, memory.Limit, json]))
            command.Options.Add(option);
        device.AddTo(command);
        command.SetAction(parsed =>
        {
            string folder = parsed.GetValue(output)!;
            if (parsed.GetValue(resume))
            {
                ResumedRun.RefuseFlags(
                    parsed,
                    [.. settings.Except([.. training.Resumable, data.Data]), memory.Limit, device.OfTheRun]);
                return ResumedRun.GoOn(
                    "pretrain", folder, device, parsed, data, parsed.GetValue(json), o => training.Over(parsed, o));
            }

            using Backend backend = device.Open(parsed);
            Flag.RequireAtLeast1(parsed, dim, depth, patch, stride, size, state);
            TrainingOptions options = training.Read(parsed) with { Precision = device.Precision(parsed) };
            RunData runData = data.Read(parsed, options.Seed);
            TrainingRun.CheckNew(folder);
            VisionMambaConfig start = Preset(parsed.GetValue(preset) ?? "tiny");
            int width = parsed.GetValue(dim) ?? start.Dim;
            DatasetSplits splits = DataFlags.LoadReadable(runData);
            int patchSide = parsed.GetValue(patch) ?? start.Patch;
            VisionMambaConfig config = (width == start.Dim ? start : VisionMambaConfig.OfWidth(width)) with
            {
                Depth = parsed.GetValue(depth) ?? start.Depth,
                Patch = patchSide,
                Stride = parsed.GetValue(stride) ?? (patchSide == start.Patch ? start.Stride : patchSide),
                ImageSize = parsed.GetValue(size) ?? start.ImageSize,
                State = parsed.GetValue(state) ?? start.State,
                Classes = splits.Train.Classes.Count,
            };
            try
            {
                config.Validate();
            }
            catch (VisionMambaException e)
            {
                throw new UsageException(e.Message);
            }

            var model = new VisionMambaModel(config, new FullMethod(), options.Seed);
            options = memory.Fit(parsed, options, model, splits.Train.Count, backend);
            return TrainingRun.Start(
                "pretrain", model, runData, splits, options, backend, folder, new JsonObject { ["backbone"] = null },
                resumed: null, parsed.GetValue(json));
        });
        return command;
    }

    private static VisionMambaConfig Preset(string name) =>
        VisionMambaConfig.Presets.TryGetValue(name, out VisionMambaConfig? config) ? config : throw new UsageException(
            $"--model {name}: unknown; known are {string.Join(", ", VisionMambaConfig.Presets.Keys)}");
}
