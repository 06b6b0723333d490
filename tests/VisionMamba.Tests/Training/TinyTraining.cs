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
public abstract class TinyTraining : IDisposable
{
    protected static readonly TrainingOptions Options = new()
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

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected static VisionMambaModel Model(string method)
    {
        VisionMambaConfig config = VisionMambaConfig.OfWidth(16) with
        {
            Depth = 2,
            ImageSize = 16,
            Patch = 8,
            Stride = 8,
            Classes = 2,
            State = 4,
        };
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

    protected TrainingResult Resume(string name, TrainingOptions options, Recorder? progress = null)
    {
        VisionMambaModel loaded = ModelFile.Load(At(name, "last.safetensors"), new LoadOptions { Copy = true }).Model;
        return Train(name, loaded, progress ?? new Recorder(), options, resume: true);
    }

    protected TrainingResult Train(
        string name, VisionMambaModel model, Recorder progress, TrainingOptions options,
        CancellationTokenSource? cancel = null, bool resume = false, int threads = 2)
    {
        using var backend = new CpuBackend(threads);
        return Train(backend, name, model, progress, options, cancel, resume);
    }

    protected TrainingResult Train(
        Backend backend, string name, VisionMambaModel model, Recorder progress, TrainingOptions options,
        CancellationTokenSource? cancel = null, bool resume = false)
    {
        using var session = new ModelSession(model, backend);
        var data = new DatasetSplits(Pictures(32, 100), Pictures(8, 900), null, "from memory");
        var trainer = new Trainer(
            session, data, Preprocessing.ImageNet(16), options, new ModelCard { Classes = data.Train.Classes },
            Path.Combine(_folder, name));
        return trainer.Run(progress, resume, cancel?.Token ?? TestContext.Current.CancellationToken);
    }

    protected string At(string run, string file) => Path.Combine(_folder, run, file);

    protected string[] WithoutTimes(string run) =>
        [.. File.ReadAllLines(At(run, "log.csv")).Select(r => r[..r.LastIndexOf(',')])];

    protected sealed class Recorder : ITrainingProgress
    {
        private int _steps;

        /// <summary>Each epoch's mean loss.</summary>
        public List<double> Losses { get; } = [];

        /// <summary>The epoch's mean loss after each step.</summary>
        public List<double> Steps { get; } = [];

        public (int Steps, CancellationTokenSource Source)? CancelAfter { get; init; }

        /// <summary>The step after which nothing is saved any more; 0 for none.</summary>
        public int FailAt { get; init; }

        public void Step(int epoch, int step, int steps, double loss, double imagesPerSecond, TimeSpan remaining)
        {
            Steps.Add(loss);
            if (_steps + 1 == FailAt)
                throw new InvalidOperationException("killed");
            if (++_steps == CancelAfter?.Steps)
                CancelAfter.Value.Source.Cancel();
        }

        public void Epoch(int epoch, double trainLoss, Metrics validation, bool best) => Losses.Add(trainLoss);

        public int? StoppedAfter { get; private set; }

        public void EarlyStop(int epochs, int without) => StoppedAfter = epochs;
    }
}
