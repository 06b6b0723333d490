using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Output;
using VisionMamba.Models;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Training;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp bench: seconds per image of inference and of a training step, on this machine.</summary>
internal static class BenchVerb
{
    public static Command Create()
    {
        var command = new Command("bench", "Measure inference and training speed on this machine.");
        var device = new DeviceFlags();
        var model = new Option<string>("--model") { Description = "a preset", DefaultValueFactory = _ => "small" };
        var batch = new Option<int>("--batch") { Description = "images per step", DefaultValueFactory = _ => 4 };
        var repeats = new Option<int>("--repeats") { Description = "timed runs; the median is shown", DefaultValueFactory = _ => 5 };
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        foreach (Option option in new Option[] { model, batch, repeats, json })
            command.Options.Add(option);
        device.AddTo(command);
        command.SetAction(parsed =>
        {
            string name = parsed.GetValue(model)!;
            int images = parsed.GetValue(batch), runs = parsed.GetValue(repeats);
            if (!VisionMambaConfig.Presets.TryGetValue(name, out VisionMambaConfig? config))
                throw new UsageException($"--model {name}: unknown; known are {string.Join(", ", VisionMambaConfig.Presets.Keys)}");
            if (images < 1 || runs < 1)
                throw new UsageException("--batch and --repeats: must be at least 1");
            using Backend backend = device.Open(parsed);
            var report = new JsonObject { ["model"] = name, ["device"] = backend.Description, ["batch"] = images };
            Measure(report, "forward", backend, config, "svp", images, runs, train: false);
            Measure(report, "svp_step", backend, config, "svp", images, runs, train: true);
            Measure(report, "full_step", backend, config, "full", images, runs, train: true);
            report["peak_memory_bytes"] = Process.GetCurrentProcess().PeakWorkingSet64;
            if (parsed.GetValue(json))
                JsonOutput.Write(report);
            else
                Print(report);
            return 0;
        });
        return command;
    }

    private static void Measure(
        JsonObject report, string name, Backend backend, VisionMambaConfig config, string method, int batch, int runs, bool train)
    {
        var model = new VisionMambaModel(config, TuningMethods.Create(method, []), seed: 1);
        using var session = new ModelSession(model, backend);
        var image = new Tensor(batch, config.Channels, config.ImageSize, config.ImageSize);
        var rng = new Rng(1, 2);
        for (int i = 0; i < image.Span.Length; i++)
            image.Span[i] = rng.Uniform((ulong)i) - 0.5f;
        Tensor targets = Trainer.SoftTargets(new int[batch], config.Classes, 0.1);
        var optimizer = train ? new Training.Optimizers.AdamWOptimizer(model.Parameters, 1e-4) : null;
        var seconds = new List<double>();
        // Two runs more: the first compiles, the second fills the pool.
        for (int run = -2; run < runs; run++)
        {
            var clock = Stopwatch.StartNew();
            if (optimizer is null)
            {
                session.Logits(image.Span, batch);
            }
            else
            {
                model.Parameters.ClearGradients();
                session.Gradients(image, targets, new ForwardContext(true, rng, 0));
                optimizer.Step(backend, 1e-4);
            }

            if (run >= 0)
                seconds.Add(clock.Elapsed.TotalSeconds);
        }

        seconds.Sort();
        double median = seconds[seconds.Count / 2];
        report[name] = new JsonObject
        {
            ["seconds_per_image"] = median / batch,
            ["images_per_second"] = batch / median,
            ["activation_bytes_per_image"] = session.PeakBytes / batch,
        };
    }

    private static void Print(JsonObject report)
    {
        Console.Out.WriteLine($"{report["model"]}, batch {report["batch"]}, {report["device"]}");
        foreach ((string key, JsonNode? value) in report)
        {
            if (value is JsonObject m)
            {
                Console.Out.WriteLine($"  {key,-10} {(double)m["seconds_per_image"]!:F4} s/image  "
                    + $"{(double)m["images_per_second"]!,7:F2} images/s  {(long)m["activation_bytes_per_image"]! / 1e6:F1} MB/image");
            }
        }

        Console.Out.WriteLine($"  peak memory of the process {(long)report["peak_memory_bytes"]! / 1e6:F0} MB");
    }
}
