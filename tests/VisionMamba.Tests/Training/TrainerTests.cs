using System.Text.Json.Nodes;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Datasets;
using VisionMamba.Data.Images;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Training;

namespace VisionMamba.Tests.Training;

/// <summary>Whole runs on a tiny model and pictures from memory.</summary>
public sealed class TrainerTests : IDisposable
{
    private static readonly TrainingOptions s_options = new()
    {
        Epochs = 3,
        Batch = 8,
        LearningRate = 0.2,
        WarmupEpochs = 1,
        Seed = 5,
        CropScale = 0.5,
        Workers = 2,
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("visionmamba-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("full")]
    [InlineData("svp")]
    [InlineData("linear")]
    public void LearnsAndLeavesFrozenParametersAlone(string method)
    {
        VisionMambaModel model = Model(method);
        var before = model.Parameters.All.ToDictionary(p => p.Name!, p => p.Span.ToArray());
        var progress = new Recorder();
        Train("a", model, progress, s_options with { Epochs = 8 });
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
        Train("whole", Model("svp"), new Recorder(), s_options);
        using var cancel = new CancellationTokenSource();
        TrainingResult first = Train("cut", Model("svp"), new Recorder { CancelAfter = (stepsBefore, cancel) }, s_options, cancel);
        Assert.False(first.Finished);
        Assert.Equal(stepsBefore, first.State.Step);
        VisionMambaModel loaded = ModelFile.Load(At("cut", "last.safetensors"), new LoadOptions { Copy = true }).Model;
        TrainingResult second = Train("cut", loaded, new Recorder(), s_options, resume: true);
        Assert.True(second.Finished);
        foreach (string file in new[] { "last.safetensors", "best.safetensors", "steps.jsonl" })
            Assert.Equal(File.ReadAllBytes(At("whole", file)), File.ReadAllBytes(At("cut", file)));
        Assert.Equal(WithoutTimes("whole"), WithoutTimes("cut"));
    }

    [Fact]
    public void ThreadsAndWorkersChangeNoBit()
    {
        Train("one", Model("svp"), new Recorder(), s_options with { Workers = 1 }, threads: 1);
        Train("three", Model("svp"), new Recorder(), s_options with { Workers = 3 }, threads: 3);
        Assert.Equal(File.ReadAllBytes(At("one", "last.safetensors")), File.ReadAllBytes(At("three", "last.safetensors")));
    }

    [Fact]
    public void ANaNStopsTheRunAndNamesTheLayer()
    {
        VisionMambaModel model = Model("svp");
        model.Parameters["layers.1.mixer.out_proj.weight"].Span[3] = float.NaN;
        var error = Assert.Throws<DivergedException>(() => Train("nan", model, new Recorder(), s_options));
        Assert.Contains("layers.1", error.Message);
        Assert.DoesNotContain("\n", error.Message);
        Assert.False(File.Exists(At("nan", "last.safetensors")));
    }

    [Fact]
    public void ClippingBoundsTheGradient()
    {
        VisionMambaModel model = Model("linear");
        model.Parameters["head.weight"].Span.Fill(3);
        using var backend = new CpuBackend(1);
        using var session = new ModelSession(model, backend);
        session.Gradients(Tensor.From(new float[3 * 256].Select((_, i) => MathF.Sin(i)).ToArray(), 1, 3, 16, 16), Trainer.SoftTargets([0], 2, 0), default);
        double norm = VisionMamba.Training.Optimizers.GradientNorm.Of(backend, model.Parameters);
        VisionMamba.Training.Optimizers.GradientNorm.Clip(backend, model.Parameters, norm, norm / 4);
        Assert.Equal(norm / 4, VisionMamba.Training.Optimizers.GradientNorm.Of(backend, model.Parameters), norm * 1e-4);
    }

    private static VisionMambaModel Model(string method)
    {
        VisionMambaConfig config = VisionMambaConfig.OfWidth(16) with { Depth = 2, ImageSize = 16, Patch = 8, Stride = 8, Classes = 2, State = 4 };
        var settings = new JsonObject { ["shared_layers"] = 1, ["inner_width"] = 4, ["dropout"] = 0.1f };
        return new VisionMambaModel(config, TuningMethods.Create(method, settings), seed: 3);
    }

    /// <summary>Pictures of two classes: a bright half above or below.</summary>
    private static ImageDataset Pictures(int count, ulong stream) => ImageDataset.FromMemory(
        "halves", ["above", "below"], [.. Enumerable.Range(0, count).Select(i => i % 2)], i =>
        {
            var rng = new Rng(1, stream + (ulong)i);
            var image = new RgbImage(16, 16);
            for (int at = 0; at < image.Pixels.Length; at++)
                image.Pixels[at] = (byte)((rng.Bits((ulong)at) & 63) + ((at / 48 < 8) == (i % 2 == 0) ? 150 : 0));
            return image;
        });

    private TrainingResult Train(
        string name, VisionMambaModel model, Recorder progress, TrainingOptions options, CancellationTokenSource? cancel = null,
        bool resume = false, int threads = 2)
    {
        using var backend = new CpuBackend(threads);
        using var session = new ModelSession(model, backend);
        var data = new DatasetSplits(Pictures(32, 100), Pictures(8, 900), null, "from memory");
        var trainer = new Trainer(
            session, data, Preprocessing.ImageNet(16), options, new ModelCard { Classes = data.Train.Classes }, Path.Combine(_folder, name));
        return trainer.Run(progress, resume, cancel?.Token ?? TestContext.Current.CancellationToken);
    }

    private string At(string run, string file) => Path.Combine(_folder, run, file);

    private string[] WithoutTimes(string run) => [.. File.ReadAllLines(At(run, "log.csv")).Select(r => r[..r.LastIndexOf(',')])];

    private sealed class Recorder : ITrainingProgress
    {
        private int _steps;

        public List<double> Losses { get; } = [];

        public (int Steps, CancellationTokenSource Source)? CancelAfter { get; init; }

        public void Step(int epoch, int step, int steps, double loss, double imagesPerSecond, TimeSpan remaining)
        {
            if (++_steps == CancelAfter?.Steps)
                CancelAfter.Value.Source.Cancel();
        }

        public void Epoch(int epoch, double trainLoss, Metrics validation, bool best) => Losses.Add(trainLoss);
    }
}
