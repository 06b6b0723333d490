using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Bench;
using VisionMamba.Cli.Devices;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Output;
using VisionMamba.Models;
using VisionMamba.Tensors;

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
        var size = new Option<int>("--image-size")
        {
            Description = "image side in pixels",
            DefaultValueFactory = _ => 224,
        };
        var batch = new Option<int>("--batch") { Description = "images per step", DefaultValueFactory = _ => 4 };
        var repeats = new Option<int>("--repeats")
        {
            Description = "timed runs; the median is shown",
            DefaultValueFactory = _ => 5,
        };
        var passes = new Option<string>("--passes")
        {
            Description = $"of a whole model, separated by commas: {string.Join(", ", ModelBench.Passes)}",
            DefaultValueFactory = _ => string.Join(',', ModelBench.Passes),
        };
        var operations = new Option<bool>("--ops")
        {
            Description = "also every operation of one block, forward and backward",
        };
        var digest = new Option<bool>("--digest")
        {
            Description = "time nothing: print one number for all that an SVP step and a full step compute (models: "
                + "also miniature; default: tiny and small)",
        };
        var scaling = new Option<bool>("--scaling")
        {
            Description = "instead: time and memory from 196 to 4,096 tokens and from 1 to 16 images",
        };
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        Option[] options = [models, size, batch, repeats, passes, operations, digest, scaling, json];
        foreach (Option option in options)
            command.Options.Add(option);
        device.AddTo(command);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(digest))
            {
                RefuseBeside(digest, parsed, size, batch, repeats, passes, operations, scaling);
                bool given = parsed.IsGiven(models);
                return Digest(
                    device, parsed, given ? parsed.GetValue(models)! : ["tiny", "small"], parsed.GetValue(json));
            }

            if (parsed.GetValue(scaling))
                RefuseBeside(scaling, parsed, batch, passes, operations);
            VisionMambaConfig[] configs =
                [.. parsed.GetValue(models)!.Select(name => Config(name, parsed.GetValue(size)))];
            if (parsed.GetValue(batch) < 1 || parsed.GetValue(repeats) < 1)
                throw new UsageException("--batch and --repeats: must be at least 1");
            using Backend backend = device.Open(parsed);
            if (parsed.GetValue(scaling))
            {
                return Scaling(
                    backend, parsed.GetValue(models)!, configs, parsed.GetValue(repeats), parsed.GetValue(json));
            }

            JsonObject report = Run(
                backend, parsed.GetValue(models)!, configs, parsed.GetValue(batch), parsed.GetValue(repeats),
                parsed.GetValue(operations), parsed.GetValue(passes)!.Split(','));
            if (parsed.GetValue(json))
                JsonOutput.Write(report);
            else
                BenchReport.Print(report);
            return 0;
        });
        return command;
    }

    /// <summary>What <paramref name="instead"/> measures has sizes of its own.</summary>
    private static void RefuseBeside(Option instead, ParseResult parsed, params Option[] without)
    {
        if (without.FirstOrDefault(o => parsed.IsGiven(o)) is { } given)
            throw new UsageException($"{given.Name}: has no effect beside {instead.Name}; leave one of them out");
    }

    private static int Digest(DeviceFlags device, ParseResult parsed, string[] models, bool json)
    {
        if (models.FirstOrDefault(m => StepDigest.Find(m) is null) is { } unknown)
            throw Unknown(unknown, VisionMambaConfig.Presets.Keys.Append(StepDigest.Miniature));
        using Backend backend = device.Open(parsed);
        JsonObject report = StepDigest.Of(models, backend);
        if (json)
            JsonOutput.Write(report);
        foreach ((string name, JsonNode? value) in json ? [] : report)
            Console.Out.WriteLine($"{name,-20} {value}");
        return 0;
    }

    private static int Scaling(
        Backend backend, string[] names, VisionMambaConfig[] configs, int repeats, bool json)
    {
        var probe = MachineProbe.Measure(backend);
        var models = new JsonArray();
        for (int i = 0; i < configs.Length; i++)
        {
            var bench = new ScalingBench(backend, configs[i], repeats, probe);
            models.Add((JsonNode)new JsonObject
            {
                ["model"] = names[i],
                ["scaling"] = bench.Rows(what => Console.Error.WriteLine($"{names[i]}: {what}")),
            });
        }

        var report = new JsonObject
        {
            ["device"] = backend.Description,
            ["machine"] = Machine(probe, backend),
            ["models"] = models,
            ["peak_memory_bytes"] = Process.GetCurrentProcess().PeakWorkingSet64,
        };
        if (json)
            JsonOutput.Write(report);
        else
            BenchReport.PrintScaling(report);
        return 0;
    }

    private static JsonObject Machine(MachineProbe probe, Backend backend) => new()
    {
        ["gflops_by_threads"] = new JsonObject(probe.Peaks(backend).Select(peak =>
            KeyValuePair.Create($"{peak.Threads}", (JsonNode?)JsonValue.Create(peak.FloatingPointPerSecond / 1e9)))),
        ["threads"] = probe.Threads,
        ["gflops"] = probe.FloatingPointPerSecond / 1e9,
        ["gigabytes_per_second"] = probe.BytesPerSecond / 1e9,
    };

    private static UsageException Unknown(string model, IEnumerable<string> known) =>
        new($"--model {model}: unknown; known are {string.Join(", ", known)}");

    private static JsonObject Run(
        Backend backend, string[] names, VisionMambaConfig[] configs, int batch, int repeats, bool operations,
        string[] passes)
    {
        var probe = MachineProbe.Measure(backend);
        var results = new JsonArray();
        for (int i = 0; i < configs.Length; i++)
        {
            var bench = new ModelBench(backend, configs[i], batch, repeats, probe);
            JsonObject result = bench.Whole(passes);
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
            ["machine"] = Machine(probe, backend),
            ["models"] = results,
            ["peak_memory_bytes"] = Process.GetCurrentProcess().PeakWorkingSet64,
        };
    }

    private static VisionMambaConfig Config(string name, int size)
    {
        if (!VisionMambaConfig.Presets.TryGetValue(name, out VisionMambaConfig? config))
            throw Unknown(name, VisionMambaConfig.Presets.Keys);
        if (size < config.Patch)
            throw new UsageException($"--image-size {size}: is smaller than one patch of {config.Patch} px");
        return config with { ImageSize = size };
    }
}
