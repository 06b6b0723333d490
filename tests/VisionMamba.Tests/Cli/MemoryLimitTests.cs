using VisionMamba.Cli;
using VisionMamba.Cli.Planning;
using VisionMamba.Models;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tensors.Files;
using VisionMamba.Tests.Models;
using VisionMamba.Tests.Support;
using VisionMamba.Training;
using VisionMamba.Training.Losses;

namespace VisionMamba.Tests.Cli;

/// <summary>--memory-limit: sizes, pieces that fit, and results that stay the same.</summary>
[Collection(CommandLine.Collection)]
public sealed class MemoryLimitTests
{
    [Theory]
    [InlineData("2GB", 2_000_000_000)]
    [InlineData("1.5GiB", 1_610_612_736)]
    [InlineData("800 mb", 800_000_000)]
    [InlineData("512M", 512_000_000)]
    [InlineData("123456", 123_456)]
    public void ReadsSizes(string text, long bytes) => Assert.Equal(bytes, MemoryFlag.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("GB")]
    [InlineData("-1GB")]
    [InlineData("0")]
    [InlineData("2 apples")]
    [InlineData("1e99GB")]
    public void RefusesWhatIsNoSize(string text) => Assert.Throws<UsageException>(() => MemoryFlag.Parse(text));

    [Theory]
    [InlineData("svp")]
    [InlineData("full")]
    public void APieceHoldsNoMoreThanWasEstimated(string method)
    {
        VisionMambaModel model = SmallModels.Create(method);
        using var backend = new CpuBackend(1);
        long perImage = StepMemory.Train(model, backend);
        foreach (int images in new[] { 2, 7 })
        {
            using var session = new ModelSession(model, backend);
            var input = new Tensor(images, 3, model.Config.ImageSize, model.Config.ImageSize);
            session.Gradients(
                input, SoftTargets.Of(new int[images], model.Config.Classes, 0),
                new ForwardContext(true, new Rng(1, 2), 0));
            Assert.InRange(session.HeldBytes, perImage * images * 9 / 10, perImage * images);
        }
    }

    [Fact]
    public void TakesAsManyImagesAsFit()
    {
        var memory = new MemoryEstimate(Weights: 100, State: 10, Loader: 40, PerImage: 1000, Batch: 10);
        Assert.Equal(0, memory.Fitting(memory.Total(1) - 1, 8));
        Assert.Equal(1, memory.Fitting(memory.Total(1), 8));
        // 10 = 3 + 3 + 3 + 1: the last piece has blocks of its own.
        Assert.Equal(MemoryEstimate.Runtime + 150 + 4000, memory.Total(3));
        Assert.Equal(8, memory.Fitting(long.MaxValue, 8));
    }

    [Theory]
    [InlineData(224, 16, 8)]
    [InlineData(1024, 16, 1)]
    [InlineData(64, 8, 24)]
    public void ABatchIsCutByTheTokensThatKeepTheProcessorBusy(int size, int patch, int images)
    {
        using var backend = new CpuBackend(1);
        VisionMambaConfig config = VisionMambaConfig.Presets["tiny"] with
        {
            ImageSize = size,
            Patch = patch,
            Stride = patch,
        };
        Assert.Equal(images, BatchPieces.Images(new TrainingOptions(), config, backend));
        Assert.Equal(5, BatchPieces.Images(new TrainingOptions { MicroBatch = 5 }, config, backend));
        Assert.Equal(1, BatchPieces.Images(new TrainingOptions { Batch = 1 }, config, backend));
    }

    [Fact]
    public void ALimitThatHoldsAPieceChangesNoBit()
    {
        using var task = new TinyTask();
        string free = task.At("free"), limited = task.At("limited");
        CommandLine.Succeed(["train", .. task.Train, "--output", free]);
        CommandResult run = CommandLine.Succeed(
            ["train", .. task.Train, "--output", limited, "--memory-limit", "400MB"]);
        Assert.DoesNotContain("at a time", run.Log, StringComparison.Ordinal);
        Assert.Equal(
            File.ReadAllText(Path.Combine(free, "steps.jsonl")),
            File.ReadAllText(Path.Combine(limited, "steps.jsonl")));
        using (TensorFile a = TensorFile.Open(Path.Combine(free, "last.safetensors")),
            b = TensorFile.Open(Path.Combine(limited, "last.safetensors")))
        {
            Assert.Equal(a.Tensors.Keys, b.Tensors.Keys);
            Assert.All(a.Tensors, t => Assert.Equal(
                t.Value.ToOwnedTensor().Span.ToArray(), b.Tensors[t.Key].ToOwnedTensor().Span.ToArray()));
        }

        Assert.Contains(
            "\"CacheBytes\": ", File.ReadAllText(Path.Combine(limited, "run.json")), StringComparison.Ordinal);
        string[] evaluate =
            ["evaluate", "--checkpoint", Path.Combine(free, "best.safetensors"), "--data", task.At("data"), "--json"];
        string[] figures = ["top1", "loss", "images"];
        CommandResult all = CommandLine.Succeed(evaluate);
        CommandResult few = CommandLine.Succeed([.. evaluate, "--memory-limit", "160MB"]);
        // More than there are, and than memory or an array could hold.
        CommandResult many = CommandLine.Succeed([.. evaluate, "--batch", "2000000000"]);
        foreach (string figure in figures)
        {
            Assert.Equal(all.Json[figure]!.ToJsonString(), few.Json[figure]!.ToJsonString());
            Assert.Equal(all.Json[figure]!.ToJsonString(), many.Json[figure]!.ToJsonString());
        }
    }

    [Fact]
    public void SaysWhatIsWrong()
    {
        using var task = new TinyTask();
        string[] train = ["train", .. task.Train, "--output", task.At("run")];
        CommandResult small = CommandLine.Run([.. train, "--memory-limit", "1MB"]);
        Assert.Equal(1, small.Code);
        Assert.Contains("one image at a time takes about", small.Log, StringComparison.Ordinal);
        Assert.False(Directory.Exists(task.At("run")));
        CommandResult both = CommandLine.Run([.. train, "--memory-limit", "1GB", "--micro-batch", "2"]);
        Assert.Equal(2, both.Code);
        Assert.Contains("--micro-batch", both.Log, StringComparison.Ordinal);
        Assert.Equal(2, CommandLine.Run([.. train, "--memory-limit", "much"]).Code);
    }
}
