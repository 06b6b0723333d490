using System.Text.Json.Nodes;
using VisionMamba.Models;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Training.Losses;
using VisionMamba.Training.Optimizers;

namespace VisionMamba.Cli.Devices;

/// <summary>
/// What `svp doctor --device` proves of a device: two training steps of a small model under several methods as on the
/// processor, twice the same bits, and memory that does not grow.
/// </summary>
/// <param name="device">The device; the processor is what it is compared with.</param>
/// <param name="steps">Steps that memory is watched over.</param>
/// <param name="precision">What it rounds to, fp32, tf32, bf16 or fp16: it decides how far apart is allowed.</param>
internal sealed class DeviceCheck(Backend device, int steps = 1000, string precision = "fp32")
{
    private readonly double _allowed = NumbersApart.Allowed(precision);

    private const int Batch = 3;

    // Widths and lengths that fill no warp.
    private static readonly VisionMambaConfig s_config = VisionMambaConfig.OfWidth(24) with
    {
        Depth = 2,
        ImageSize = 16,
        Patch = 8,
        Stride = 4,
        Classes = 5,
    };

    private static readonly (string Method, string Settings)[] s_methods =
    [
        ("svp", """{"shared_layers":1,"inner_width":4}"""), ("full", "{}"), ("linear", "{}"),
        ("vpt-deep", """{"tokens":2}"""),
        ("lora", """{"sites":"in_proj.x,x_proj,dt_proj,out_proj","rank":3,"alpha":3}"""),
        ("adapter", """{"width":5}"""),
    ];

    /// <summary>The checks by name; each says "ok" with its figure, or what is wrong.</summary>
    public IEnumerable<(string Name, Func<string> Run)> All()
    {
        foreach ((string method, string settings) in s_methods)
            yield return ($"equals_cpu_{method.Replace('-', '_')}", () => EqualsCpu(s_config, method, settings));
        yield return ("equals_cpu_vim_tiny", () => EqualsCpu(VisionMambaConfig.Presets["tiny"], "svp", "{}"));
        yield return ("repeats_its_bits", RepeatsItsBits);
        yield return ("memory_is_flat", MemoryIsFlat);
    }

    private string EqualsCpu(VisionMambaConfig config, string method, string settings)
    {
        using var cpu = new CpuBackend();
        Dictionary<string, float[]> expected = Steps(cpu, config, method, settings);
        Dictionary<string, float[]> actual = Steps(device, config, method, settings);
        return NumbersApart.Judge(expected, actual, _allowed);
    }

    private string RepeatsItsBits()
    {
        (string method, string settings) = s_methods[0];
        Dictionary<string, float[]> first = Steps(device, s_config, method, settings);
        Dictionary<string, float[]> second = Steps(device, s_config, method, settings);
        string? differing = first.Keys.FirstOrDefault(name => !first[name].AsSpan().SequenceEqual(second[name]));
        return differing is null ? "ok" : $"wrong: {differing} differs between two runs";
    }

    private string MemoryIsFlat()
    {
        using var run = new Run(device, s_config, s_methods[0].Method, s_methods[0].Settings);
        for (int i = 0; i < Math.Max(steps / 10, 2); i++)
            run.Step();
        device.Synchronize();
        (long held, long free) = (run.HeldBytes, device.FreeBytes);
        for (int i = 0; i < steps; i++)
            run.Step();
        device.Synchronize();
        long grown = Math.Max(run.HeldBytes - held, free - device.FreeBytes);
        return grown <= 0 ? $"ok ({steps} steps)" : $"wrong: {steps} steps took {grown / 1e6:F1} MB more";
    }

    /// <summary>
    /// The gradients and the loss of a first step, the loss of a second one and the logits after it. The second step's
    /// gradients tell of something else: AdamW's first step moves a weight by the learning rate in the direction of its
    /// gradient's sign, however small the gradient is, so that those near 0 send their rounding on enlarged.
    /// </summary>
    private static Dictionary<string, float[]> Steps(
        Backend backend, VisionMambaConfig config, string method, string settings)
    {
        using var run = new Run(backend, config, method, settings);
        Dictionary<string, float[]> result = run.Step();
        Dictionary<string, float[]> second = run.Step();
        result["the second step's loss"] = second[Run.Loss];
        result[Run.Logits] = second[Run.Logits];
        return result;
    }

    private sealed class Run : IDisposable
    {
        public const string Loss = "the loss", Logits = "the logits";

        private readonly Backend _backend;
        private readonly VisionMambaModel _model;
        private readonly ModelSession _session;
        private readonly AdamWOptimizer _optimizer;
        private readonly Tensor _images, _targets;

        public Run(Backend backend, VisionMambaConfig config, string method, string settings)
        {
            _backend = backend;
            _targets = SoftTargets.Of([.. Enumerable.Range(0, Batch)], config.Classes, 0.1);
            _model = new VisionMambaModel(
                config, TuningMethods.Create(method, (JsonObject)JsonNode.Parse(settings)!), seed: 3);
            // What starts at 0 would hide the gradients behind it.
            foreach (Tensor parameter in _model.Parameters.Trainable.Where(p => p.Span.IndexOfAnyExcept(0f) < 0))
                parameter.Span.Fill(0.1f);
            _session = new ModelSession(_model, backend);
            _optimizer = new AdamWOptimizer(_model.Parameters, 1e-4);
            _images = new Tensor(Batch, config.Channels, config.ImageSize, config.ImageSize);
            var rng = new Rng(1, 2);
            for (int i = 0; i < _images.Span.Length; i++)
                _images.Span[i] = rng.Normal((ulong)i);
        }

        public long HeldBytes => _session.HeldBytes;

        public Dictionary<string, float[]> Step()
        {
            _model.Parameters.ClearGradients();
            float loss = _session.Gradients(_images, _targets, new ForwardContext(true, new Rng(12, 4), 0.3f));
            Dictionary<string, float[]> result = _model.Parameters.Trainable.ToDictionary(
                p => $"the gradient of {p.Name}", p => p.Gradient!.Span.ToArray());
            _optimizer.Step(_backend, 1e-3);
            result[Loss] = [loss];
            result[Logits] = _session.Logits(_images.Span, Batch);
            return result;
        }

        public void Dispose() => _session.Dispose();
    }
}
