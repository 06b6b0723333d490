using VisionMamba.Models;
using VisionMamba.Models.Prompting;
using VisionMamba.Models.Prompting.Full;
using VisionMamba.Models.Prompting.Linear;
using VisionMamba.Models.Prompting.Svp;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Tests.Ops;

/// <summary>Whole training steps of a small model: memory, threads, and the name of a layer that fails.</summary>
public sealed class ModelStepTests
{
    private const int Batch = 3;

    private static readonly VisionMambaConfig Config = new()
    {
        ImageSize = 24,
        Patch = 4,
        Stride = 4,
        Dim = 40,
        Depth = 3,
        Inner = 80,
        State = 5,
        Rank = 3,
        Classes = 7,
    };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ThreadsDoNotChangeABit(bool full)
    {
        float[][] one = Gradients(Model(full), threads: 1);
        Assert.True(one.Length > 5);
        Assert.All(one, g => Assert.Contains(g, v => v != 0));
        foreach (int threads in (int[])[2, 3])
        {
            float[][] several = Gradients(Model(full), threads);
            for (int i = 0; i < one.Length; i++)
                Assert.Equal(one[i], several[i]);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TheSecondStepAllocatesNothing(bool full)
    {
        VisionMambaModel model = Model(full);
        using var backend = new CpuBackend(2);
        using var pool = new BufferPool();
        Step(model, backend, pool);
        Assert.Equal(0, pool.InUse);
        (long allocations, long peak) = (pool.Allocations, pool.Peak);
        Assert.True(allocations > 0);
        for (int step = 0; step < 3; step++)
        {
            Step(model, backend, pool);
            Assert.Equal(0, pool.InUse);
            Assert.Equal(allocations, pool.Allocations);
            Assert.Equal(peak, pool.Peak);
        }
    }

    [Fact]
    public void ANaNWeightIsFoundInItsLayer()
    {
        VisionMambaModel model = Model(full: false);
        model.Parameters["layers.1.mixer.x_proj.weight"].Span[3] = float.NaN;
        using var backend = new CpuBackend(1);
        using var pool = new BufferPool();
        var tape = new Tape(backend, pool, recording: true) { CheckFinite = true };
        var failure = Assert.Throws<NonFiniteException>(() => Run(model, tape));
        Assert.Contains("layers.1.forward: linear", failure.Message, StringComparison.Ordinal);
        tape.Abandon();
        Assert.Equal(0, pool.InUse);
    }

    [Fact]
    public void LinearProbingHoldsNoBackboneActivations()
    {
        using var backend = new CpuBackend(1);
        using BufferPool full = new(), probing = new();
        Step(Model(full: true), backend, full);
        Step(new VisionMambaModel(Config, new LinearMethod(), seed: 3), backend, probing);
        Assert.True(2 * probing.Peak < full.Peak, $"{probing.Peak} is not below half of {full.Peak}");
    }

    private static VisionMambaModel Model(bool full)
    {
        TuningMethod method = full
            ? new FullMethod()
            : new SvpMethod(new SvpConfig { SharedLayers = 2, InnerWidth = 9, Dropout = 0.2f });
        var model = new VisionMambaModel(Config, method, seed: 3);
        // The scales of the prompts start at 0, where the prompts themselves get no gradient.
        foreach (Tensor parameter in model.Parameters.Trainable.Where(p => !full && p.Span.IndexOfAnyExcept(0f) < 0))
            parameter.Span.Fill(0.3f);
        return model;
    }

    private static float[][] Gradients(VisionMambaModel model, int threads)
    {
        using var backend = new CpuBackend(threads);
        using var pool = new BufferPool();
        Step(model, backend, pool);
        return [.. model.Parameters.Trainable.Select(p => p.Gradient!.Span.ToArray())];
    }

    private static void Step(VisionMambaModel model, Backend backend, BufferPool pool) =>
        Run(model, new Tape(backend, pool, recording: true));

    private static void Run(VisionMambaModel model, Tape tape)
    {
        int[] shape = [Batch, Config.Channels, Config.ImageSize, Config.ImageSize];
        Tensor image = Tensor.From(Values.Normal("image", 1, 0, shape).Floats, shape);
        int[] rows = [Batch, 1, Config.Classes];
        Tensor targets = Tensor.From(Values.Normal("targets", 0.1, 0.2, rows).Floats, rows);
        Tensor loss;
        using (tape.Enter("step"))
        {
            Tensor logits = model.Forward(tape, image, new ForwardContext(true, new Rng(12, 4), 0.3f));
            loss = tape.SoftmaxCrossEntropy(logits, targets);
        }

        tape.Backward(loss);
    }
}
