using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Devices;
using VisionMamba.Cli.Output;
using VisionMamba.Data.Images;
using VisionMamba.Models;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp doctor: what runs here, and a self-check.</summary>
internal static class DoctorVerb
{
    public static Command Create()
    {
        var command = new Command("doctor", "Show what this machine offers and check that everything works.");
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        var reference = new Option<string?>("--reference")
        {
            Description = "compare logits, loss and gradients with the recorded cases of a folder (manifest.json), too",
            HelpName = "DIR",
        };
        command.Options.Add(json);
        command.Options.Add(reference);
        var device = new DeviceFlags();
        device.AddTo(command);
        command.SetAction(parsed =>
        {
            RecordedCases? recorded = parsed.GetValue(reference) is { } folder ? new RecordedCases(folder) : null;
            using Backend backend = device.Open(parsed);
            var checks = new JsonObject
            {
                ["training"] = Check(TrainingLearns),
                ["threads_agree"] = Check(ThreadsAgree),
                ["image_codecs"] = Check(CodecsWork),
            };
            if (!backend.OnHost)
            {
                var deviceCheck = new DeviceCheck(backend, precision: device.Precision(parsed));
                foreach ((string name, Func<string> check) in deviceCheck.All())
                    checks[name] = Check(check);
            }

            double allowed = NumbersApart.Allowed(device.Precision(parsed));
            foreach ((string name, Func<string> check) in recorded?.All(backend, allowed) ?? [])
                checks[name] = Check(check);

            bool healthy = checks.All(c => ((string?)c.Value)!.StartsWith("ok", StringComparison.Ordinal));
            var report = new JsonObject
            {
                ["version"] = typeof(DoctorVerb).Assembly.GetName().Version!.ToString(3),
                ["runtime"] = RuntimeInformation.FrameworkDescription,
                ["system"] = $"{RuntimeInformation.OSDescription} ({RuntimeInformation.ProcessArchitecture})",
                ["processors"] = Environment.ProcessorCount,
                ["instruction_set"] = CpuBackend.InstructionSet,
                ["memory_bytes"] = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
                ["device"] = backend.Description,
                ["gpus"] = GpuDevices.Report(),
                ["cublas"] = GpuDevices.WhyNone() is null ? GpuDevices.Cublas() ?? "not found" : "not looked for",
                ["checks"] = checks,
                ["healthy"] = healthy,
            };
            if (parsed.GetValue(json))
                JsonOutput.Write(report);
            else
                Print(report);
            return healthy ? 0 : 1;
        });
        return command;
    }

    private static string Check(Func<bool> check) => Check(() => check() ? "ok" : "wrong result");

    private static string Check(Func<string> check)
    {
        try
        {
            return check();
        }
        catch (Exception e)
        {
            return $"failed: {e.GetType().Name}: {e.Message}";
        }
    }

    /// <summary>A gradient step on a small SVP model must lower its loss.</summary>
    private static bool TrainingLearns()
    {
        using var backend = new CpuBackend();
        (float before, float after) = Step(backend);
        return float.IsFinite(after) && after < before;
    }

    private static bool ThreadsAgree()
    {
        using var one = new CpuBackend(1);
        using var three = new CpuBackend(3);
        return Step(one) == Step(three);
    }

    private static (float Before, float After) Step(Backend backend)
    {
        VisionMambaConfig config = VisionMambaConfig.OfWidth(32) with
        {
            Depth = 2,
            ImageSize = 32,
            Patch = 8,
            Stride = 8,
            Classes = 4,
        };
        var model = new VisionMambaModel(
            config, TuningMethods.Create("svp", new JsonObject { ["shared_layers"] = 1 }), seed: 1);
        using var session = new ModelSession(model, backend);
        var image = new Tensor(4, 3, 32, 32);
        var rng = new Rng(1, 2);
        for (int i = 0; i < image.Span.Length; i++)
            image.Span[i] = rng.Normal((ulong)i);
        Tensor targets = Training.Losses.SoftTargets.Of([0, 1, 2, 3], 4, 0);
        float before = session.Gradients(image, targets, default);
        var optimizer = new Training.Optimizers.AdamWOptimizer(model.Parameters, 0);
        optimizer.Step(backend, 1e-3);
        return (before, session.Gradients(image, targets, default));
    }

    private static bool CodecsWork()
    {
        var picture = new RgbImage(3, 2, [.. Enumerable.Range(0, 18).Select(i => (byte)(i * 14))]);
        return ImageDecoder.Decode(ImageWriter.EncodePng(picture), "self-check").Pixels.SequenceEqual(picture.Pixels);
    }

    private static void PrintValues(string key, JsonNode? value)
    {
        if (value is not JsonArray list)
            Console.Out.WriteLine($"{key,-21} {value}");
        foreach (JsonNode? device in value as JsonArray ?? [])
        {
            Console.Out.WriteLine(
                $"{device!["device"],-21} {device["name"]}, {device["architecture"]}, "
                + $"{(long)device["memory_bytes"]! / 1e9:F0} GB, driver for CUDA {device["driver_cuda_version"]}"
                + (device["problem"] is { } problem ? $"; not usable: {problem}" : ""));
        }
    }

    private static void Print(JsonObject report)
    {
        foreach ((string key, JsonNode? value) in report)
        {
            if (value is JsonObject checks)
            {
                foreach ((string name, JsonNode? outcome) in checks)
                    Console.Out.WriteLine($"check {name,-15} {outcome}");
            }
            else
            {
                PrintValues(key, value);
            }
        }
    }
}
