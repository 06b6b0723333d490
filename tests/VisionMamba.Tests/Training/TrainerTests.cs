using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Training;
using VisionMamba.Training.Losses;
using VisionMamba.Training.Optimizers;

namespace VisionMamba.Tests.Training;

/// <summary>Whole runs on a tiny model and pictures from memory.</summary>
public sealed class TrainerTests : TinyTraining
{
    [Theory]
    [InlineData("full")]
    [InlineData("svp")]
    [InlineData("linear")]
    public void LearnsAndLeavesFrozenParametersAlone(string method)
    {
        VisionMambaModel model = Model(method);
        var before = model.Parameters.All.ToDictionary(p => p.Name!, p => p.Span.ToArray());
        var progress = new Recorder();
        Train("a", model, progress, Options with { Epochs = 8 });
        Assert.True(progress.Losses[^1] < progress.Losses[0], string.Join(", ", progress.Losses));
        foreach (Tensor parameter in model.Parameters.All)
            Assert.Equal(!parameter.NeedsGradient, parameter.Span.SequenceEqual(before[parameter.Name!]));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(7)]
    public void AnInterruptedRunGoesOnWithTheSameBits(int stepsBefore)
    {
        Train("whole", Model("svp"), new Recorder(), Options);
        using var cancel = new CancellationTokenSource();
        var stopping = new Recorder { CancelAfter = (stepsBefore, cancel) };
        TrainingResult first = Train("cut", Model("svp"), stopping, Options, cancel);
        Assert.False(first.Finished);
        Assert.Equal(stepsBefore, first.State.Step);
        VisionMambaModel loaded = ModelFile.Load(At("cut", "last.safetensors"), new LoadOptions { Copy = true }).Model;
        TrainingResult second = Train("cut", loaded, new Recorder(), Options, resume: true);
        Assert.True(second.Finished);
        foreach (string file in new[] { "last.safetensors", "best.safetensors", "steps.jsonl" })
            Assert.Equal(File.ReadAllBytes(At("whole", file)), File.ReadAllBytes(At("cut", file)));
        Assert.Equal(WithoutTimes("whole"), WithoutTimes("cut"));
    }

    [Fact]
    public void ThreadsAndWorkersChangeNoBit()
    {
        Train("one", Model("svp"), new Recorder(), Options with { Workers = 1 }, threads: 1);
        Train("three", Model("svp"), new Recorder(), Options with { Workers = 3 }, threads: 3);
        Assert.Equal(
            File.ReadAllBytes(At("one", "last.safetensors")), File.ReadAllBytes(At("three", "last.safetensors")));
    }

    [Fact]
    public void ANaNStopsTheRunAndNamesTheLayer()
    {
        VisionMambaModel model = Model("svp");
        model.Parameters["layers.1.mixer.out_proj.weight"].Span[3] = float.NaN;
        var error = Assert.Throws<DivergedException>(() => Train("nan", model, new Recorder(), Options));
        Assert.Contains("layers.1", error.Message);
        Assert.DoesNotContain("\n", error.Message);
        Assert.False(File.Exists(At("nan", "last.safetensors")));
    }

    [Fact]
    public void AValidationThatIsNoNumberStopsTheRunBeforeItIsSaved()
    {
        // The only step's loss is taken before its update.
        TrainingOptions options = Options with { MaxSteps = 1, WarmupEpochs = 0, LearningRate = 1e45, Opt = "sgd" };
        var error = Assert.Throws<DivergedException>(() => Train("nan", Model("linear"), new Recorder(), options));
        Assert.Contains("the validation after epoch 1", error.Message);
        Assert.Contains("--lr", error.Message);
        Assert.DoesNotContain("\n", error.Message);
        Assert.Empty(Directory.GetFiles(At("nan", ""), "*.safetensors"));
    }

    [Fact]
    public void AKillBeforeTheLastValidationLeavesItToBeDone()
    {
        TrainingOptions options = Options with { MaxSteps = 3, SaveEvery = 1 };
        Train("whole", Model("svp"), new Recorder(), options);
        Assert.Throws<InvalidOperationException>(
            () => Train("cut", Model("svp"), new Recorder { FailAt = 3 }, options));
        Assert.True(Resume("cut", options).Finished);
        foreach (string file in new[] { "last.safetensors", "best.safetensors", "steps.jsonl" })
            Assert.Equal(File.ReadAllBytes(At("whole", file)), File.ReadAllBytes(At("cut", file)));
        Assert.Equal(WithoutTimes("whole"), WithoutTimes("cut"));
    }

    [Fact]
    public void ClippingBoundsTheGradient()
    {
        VisionMambaModel model = Model("linear");
        model.Parameters["head.weight"].Span.Fill(3);
        using var backend = new CpuBackend(1);
        using var session = new ModelSession(model, backend);
        var image = Tensor.From(new float[3 * 256].Select((_, i) => MathF.Sin(i)).ToArray(), 1, 3, 16, 16);
        session.Gradients(image, SoftTargets.Of([0], 2, 0), default);
        double norm = GradientClip.Norm(backend, model.Parameters);
        GradientClip.Clip(backend, model.Parameters, "norm", norm, norm / 4);
        Assert.Equal(norm / 4, GradientClip.Norm(backend, model.Parameters), norm * 1e-4);
    }
}
