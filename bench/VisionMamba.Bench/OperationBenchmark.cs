using BenchmarkDotNet.Attributes;
using VisionMamba.Cli.Bench;
using VisionMamba.Models;
using VisionMamba.Models.Prompting.Svp;
using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Bench;

/// <summary>One operation of a Vim block, forward and backward, on random numbers.</summary>
[MemoryDiagnoser]
public abstract class OperationBenchmark
{
    private CpuBackend _backend = null!;
    private Action _forward = null!, _inputGradient = null!, _allGradients = null!;

    /// <summary>The architecture: a preset.</summary>
    [Params("tiny", "small")]
    public string Model { get; set; } = "";

    /// <summary>Images at once.</summary>
    [Params(1, 8)]
    public int Batch { get; set; }

    /// <summary>Compute threads.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>The operation's name in a block.</summary>
    protected abstract string Operation { get; }

    /// <summary>Fills the operation's tensors.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _backend = new CpuBackend(Threads);
        ILookup<string, Action> passes = new BlockOps(
            _backend, VisionMambaConfig.Presets[Model], new SvpConfig(), Batch).All()
            .Where(op => op.Name == Operation).ToLookup(op => op.Pass, op => op.Run);
        _forward = passes[BlockOps.Forward].Single();
        _allGradients = passes[BlockOps.AllGradients].Single();
        _inputGradient = passes[BlockOps.InputGradient].SingleOrDefault(_allGradients);
    }

    /// <summary>Stops the threads.</summary>
    [GlobalCleanup]
    public void Cleanup() => _backend.Dispose();

    /// <summary>The forward pass.</summary>
    [Benchmark(Baseline = true)]
    public void Forward() => _forward();

    /// <summary>The backward pass with frozen weights; of an operation without weights, the backward pass.</summary>
    [Benchmark]
    public void InputGradient() => _inputGradient();

    /// <summary>The backward pass with all gradients.</summary>
    [Benchmark]
    public void AllGradients() => _allGradients();
}
