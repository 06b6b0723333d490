using System.Diagnostics;
using System.Text.Json.Nodes;
using VisionMamba.Models;
using VisionMamba.Models.Prompting;
using VisionMamba.Models.Prompting.Svp;
using VisionMamba.Tensors;
using VisionMamba.Training.Optimizers;

namespace VisionMamba.Cli.Bench;

/// <summary>
/// Times a forward pass, an SVP step and a full step of one model, and every operation of one of its blocks.
/// </summary>
internal sealed class ModelBench(Backend backend, VisionMambaConfig config, int batch, int repeats, MachineProbe probe)
{
    /// <summary>What can be timed of a whole model.</summary>
    public static readonly string[] Passes = ["forward", "svp_step", "full_step"];

    private static readonly SvpConfig s_prompts = new();

    /// <summary>Of some <see cref="Passes"/>: seconds and images per second, floor, memory.</summary>
    public JsonObject Whole(IEnumerable<string> passes) => new(passes.Select(
        pass => KeyValuePair.Create(pass, (JsonNode?)(pass switch
        {
            "forward" => Forward(),
            "svp_step" => SvpStep(),
            "full_step" => Measure("full", train: true, ArithmeticCost.FullStep(config)),
            _ => throw new UsageException($"--passes {pass}: give some of {string.Join(", ", Passes)}"),
        }))));

    /// <summary>A forward pass of the plain model.</summary>
    public JsonObject Forward() => Measure("linear", train: false, ArithmeticCost.Forward(config));

    /// <summary>Forward and backward pass and update of the prompts and the head.</summary>
    public JsonObject SvpStep() => Measure("svp", train: true, ArithmeticCost.SvpStep(config, s_prompts));

    /// <summary>Each operation of one block: milliseconds an image, floor and their ratio.</summary>
    public JsonArray Operations()
    {
        var rows = new JsonArray();
        foreach (BlockOp op in new BlockOps(backend, config, s_prompts, batch).All())
        {
            double seconds = op.Calls * Median(op.Run, warmUpSeconds: 0.05, minimumSeconds: 0.1);
            double floor = op.Calls * probe.Floor(op.Operations, op.Bytes);
            rows.Add((JsonNode)new JsonObject
            {
                ["operation"] = op.Name,
                ["pass"] = op.Pass,
                ["calls"] = op.Calls,
                ["milliseconds_per_image"] = 1e3 * seconds / batch,
                ["floor_milliseconds_per_image"] = 1e3 * floor / batch,
                ["share_of_floor"] = floor / seconds,
                ["share_of_copy_bandwidth"] = op.Calls * op.Bytes / seconds / probe.BytesPerSecond,
            });
        }

        return rows;
    }

    private JsonObject Measure(string method, bool train, double operationsPerImage)
    {
        var model = new VisionMambaModel(config, TuningMethods.Create(method, []), seed: 1);
        using var session = new ModelSession(model, backend);
        var image = new Tensor(batch, config.Channels, config.ImageSize, config.ImageSize);
        var rng = new Rng(1, 2);
        for (int i = 0; i < image.Span.Length; i++)
            image.Span[i] = rng.Uniform((ulong)i) - 0.5f;
        Tensor targets = Training.Losses.SoftTargets.Of(new int[batch], config.Classes, 0.1);
        var optimizer = train ? new AdamWOptimizer(model.Parameters, 1e-4) : null;
        double seconds = Median(
            () => Step(session, image, targets, optimizer), warmUpSeconds: 1.5, minimumSeconds: 0);
        double floor = batch * probe.Floor(operationsPerImage, 0);
        return new JsonObject
        {
            ["seconds_per_image"] = seconds / batch,
            ["images_per_second"] = batch / seconds,
            ["floor_seconds_per_image"] = floor / batch,
            ["share_of_floor"] = floor / seconds,
            ["activation_bytes_per_image"] = session.PeakBytes / batch,
        };
    }

    private void Step(ModelSession session, Tensor image, Tensor targets, AdamWOptimizer? optimizer)
    {
        if (optimizer is null)
        {
            session.Logits(image.Span, batch);
            return;
        }

        session.Model.Parameters.ClearGradients();
        session.Gradients(image, targets, new ForwardContext(true, new Rng(1, 2), 0));
        optimizer.Step(backend, 1e-4);
        backend.Synchronize();
    }

    private double Median(Action run, double warmUpSeconds, double minimumSeconds)
    {
        // One run compiles, one fills the pool, and what is called often enough is then compiled again: until that is
        // done, a small batch takes up to twice its time.
        var all = Stopwatch.StartNew();
        for (int runs = 0; runs < 2 || all.Elapsed.TotalSeconds < warmUpSeconds; runs++)
            run();
        var seconds = new List<double>();
        all.Restart();
        while (seconds.Count < repeats || all.Elapsed.TotalSeconds < minimumSeconds)
        {
            long start = Stopwatch.GetTimestamp();
            run();
            backend.Synchronize();
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        seconds.Sort();
        return seconds[seconds.Count / 2];
    }
}
