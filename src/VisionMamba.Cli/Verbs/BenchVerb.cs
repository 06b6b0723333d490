using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Bench;
using VisionMamba.Cli.Output;
using VisionMamba.Models;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp bench: what this machine could do at best and what inference and training reach of it.</summary>
internal static class BenchVerb
{
    public static Command Create()
    {
        var command = new Command("bench", "Measure inference and training speed on this machine, against its limits.");
        var device = new DeviceFlags();
        var models = new Option<string[]>("--model")
        {
            Description = $"presets: {string.Join(", ", VisionMambaConfig.Presets.Keys)}",
            DefaultValueFactory = _ => ["small"],
            AllowMultipleArgumentsPerToken = true,
        };
        var size = new Option<int>("--image-size") { Description = "image side in pixels", DefaultValueFactory = _ => 224 };
        var batch = new Option<int>("--batch") { Description = "images per step", DefaultValueFactory = _ => 4 };
        var repeats = new Option<int>("--repeats") { Description = "timed runs; the median is shown", DefaultValueFactory = _ => 5 };
        var operations = new Option<bool>("--ops") { Description = "also every operation of one block, forward and backward" };
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        foreach (Option option in new Option[] { models, size, batch, repeats, operations, json })
            command.Options.Add(option);
        device.AddTo(command);
        command.SetAction(parsed =>
        {
            VisionMambaConfig[] configs =
                [.. parsed.GetValue(models)!.Select(name => Config(name, parsed.GetValue(size)))];
            if (parsed.GetValue(batch) < 1 || parsed.GetValue(repeats) < 1)
                throw new UsageException("--batch and --repeats: must be at least 1");
            using Backend backend = device.Open(parsed);
            JsonObject report = Run(
                backend, parsed.GetValue(models)!, configs, parsed.GetValue(batch), parsed.GetValue(repeats), parsed.GetValue(operations));
            if (parsed.GetValue(json))
                JsonOutput.Write(report);
            else
                BenchReport.Print(report);
            return 0;
        });
        return command;
    }

    private static JsonObject Run(
        Backend backend, string[] names, VisionMambaConfig[] configs, int batch, int repeats, bool operations)
    {
        var probe = MachineProbe.Measure(((CpuBackend)backend).Threads);
        var results = new JsonArray();
        for (int i = 0; i < configs.Length; i++)
        {
            var bench = new ModelBench(backend, configs[i], batch, repeats, probe);
            JsonObject result = bench.Whole();
            result["model"] = names[i];
            result["image_size"] = configs[i].ImageSize;
            result["batch"] = batch;
            if (operations)
                result["operations"] = bench.Operations();
            results.Add((JsonNode)result);
        }

        return new JsonObject
        {
            ["device"] = backend.Description,
            ["machine"] = new JsonObject
            {
                ["threads"] = probe.Threads,
                ["gflops"] = probe.FloatingPointPerSecond / 1e9,
                ["gigabytes_per_second"] = probe.BytesPerSecond / 1e9,
            },
            ["models"] = results,
            ["peak_memory_bytes"] = Process.GetCurrentProcess().PeakWorkingSet64,
        };
    }

    private static VisionMambaConfig Config(string name, int size)
    {
        if (!VisionMambaConfig.Presets.TryGetValue(name, out VisionMambaConfig? config))
            throw new UsageException($"--model {name}: unknown; known are {string.Join(", ", VisionMambaConfig.Presets.Keys)}");
        if (size < config.Patch)
            throw new UsageException($"--image-size {size}: is smaller than one patch of {config.Patch} px");
        return config with { ImageSize = size };
    }
}
