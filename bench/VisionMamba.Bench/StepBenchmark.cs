using System.Text.Json.Nodes;
using BenchmarkDotNet.Attributes;
using VisionMamba.Models;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Training.Losses;
using VisionMamba.Training.Optimizers;

namespace VisionMamba.Bench;

/// <summary>A whole model: a forward pass, and a training step with AdamW.</summary>
[MemoryDiagnoser]
public class StepBenchmark
{
    private CpuBackend _backend = null!;
    private ModelSession _session = null!;
    private AdamWOptimizer _optimizer = null!;
    private Tensor _images = null!, _targets = null!;

    /// <summary>The architecture: a preset.</summary>
    [Params("tiny", "small")]
    public string Model { get; set; } = "";

    /// <summary>What trains.</summary>
    [Params("svp", "linear", "full")]
    public string Method { get; set; } = "";

    /// <summary>Images at once.</summary>
    [Params(1, 8)]
    public int Batch { get; set; }

    /// <summary>Makes an untrained model.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _backend = new CpuBackend();
        VisionMambaConfig config = VisionMambaConfig.Presets[Model];
        var model = new VisionMambaModel(config, TuningMethods.Create(Method, new JsonObject()), seed: 1);
        _session = new ModelSession(model, _backend);
        _optimizer = new AdamWOptimizer(model.Parameters, 1e-4);
        _images = new Tensor(Batch, config.Channels, config.ImageSize, config.ImageSize);
        _targets = SoftTargets.Of(new int[Batch], config.Classes, 0.1);
    }

    /// <summary>Frees the model's memory.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _session.Dispose();
        _backend.Dispose();
    }

    /// <summary>The logits.</summary>
    [Benchmark]
    public float[] Forward() => _session.Logits(_images.Span, Batch);

    /// <summary>Forward and backward pass and update.</summary>
    [Benchmark]
    public void Step()
    {
        _session.Model.Parameters.ClearGradients();
        _session.Gradients(_images, _targets, new ForwardContext(true, new Rng(1, 2), 0));
        _optimizer.Step(_backend, 1e-4);
    }
}
