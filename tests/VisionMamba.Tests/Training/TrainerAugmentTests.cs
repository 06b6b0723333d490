using VisionMamba.Data.Augment;
using VisionMamba.Data.Datasets;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Data;
using VisionMamba.Training;

namespace VisionMamba.Tests.Training;

/// <summary>The whole published augmentation in a run, with odd batches.</summary>
public sealed class TrainerAugmentTests : IDisposable
{
    private static readonly TrainingOptions s_options = new()
    {
        Epochs = 2,
        Batch = 5,
        LearningRate = 0.2,
        WarmupEpochs = 1,
        Seed = 5,
        Augment = new AugmentOptions
        {
            AutoAugment = "rand-m9-mstd0.5-inc1",
            EraseProbability = 0.5,
            EraseMode = EraseMode.Pixel,
            Mixup = 0.8,
            Cutmix = 1,
        },
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("visionmamba-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void WorkersAndAnInterruptionChangeNoBit()
    {
        float[] whole = Train("whole", s_options);
        Assert.Equal(whole, Train("workers", s_options with { Workers = 1 }));
        Train("cut", s_options, stopAfter: 4);
        Assert.Equal(whole, Train("cut", s_options, resume: true));
    }

    [Fact]
    public void EachPartChangesTheRun()
    {
        float[] whole = Train("whole", s_options);
        AugmentOptions all = s_options.Augment;
        AugmentOptions[] less =
            [all with { Mixup = 0, Cutmix = 0 }, all with { EraseProbability = 0 }, all with { AutoAugment = "none" }];
        for (int i = 0; i < less.Length; i++)
            Assert.NotEqual(whole, Train($"less{i}", s_options with { Augment = less[i] }));
    }

    private float[] Train(string name, TrainingOptions options, int stopAfter = 0, bool resume = false)
    {
        string output = Path.Combine(_folder, name);
        VisionMambaConfig config = VisionMambaConfig.OfWidth(16) with
        {
            Depth = 1,
            Patch = 8,
            Stride = 8,
            ImageSize = 16,
            Classes = 2,
            State = 4,
        };
        VisionMambaModel model = resume
            ? ModelFile.Load(Path.Combine(output, "last.safetensors"), new LoadOptions { Copy = true }).Model
            : new VisionMambaModel(config, TuningMethods.Create("full", []), 1);
        ImageDataset data = ImageDataset.FromMemory(
            "noise", ["a", "b"], [.. Enumerable.Range(0, 15).Select(i => i % 2)],
            i => TestPictures.Noise(20, 20, (ulong)i));
        using var backend = new CpuBackend(1);
        using var session = new ModelSession(model, backend);
        using var cancel = new CancellationTokenSource();
        var trainer = new Trainer(
            session, new DatasetSplits(data, data, null, "noise"), Preprocessing.ImageNet(16), options,
            new ModelCard { Classes = data.Classes }, output);
        trainer.Run(new StopAfter(stopAfter, cancel), resume, cancel.Token);
        return [.. model.Parameters.All.SelectMany(parameter => parameter.Span.ToArray())];
    }

    private sealed class StopAfter(int steps, CancellationTokenSource cancel) : ITrainingProgress
    {
        private int _steps;

        public void Step(int epoch, int step, int stepsOfEpoch, double loss, double imagesPerSecond, TimeSpan remaining)
        {
            if (++_steps == steps)
                cancel.Cancel();
        }

        public void Epoch(int epoch, double trainLoss, Metrics validation, bool best)
        {
        }
    }
}
