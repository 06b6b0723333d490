using VisionMamba.Models;
using VisionMamba.Training;
using VisionMamba.Training.Optimizers;

namespace VisionMamba.Tests.Training;

/// <summary>
/// A run that is interrupted in mid-epoch and goes on leaves what an uninterrupted one leaves, byte for byte.
/// </summary>
public sealed class ResumeTests : TinyTraining
{
    private static readonly string[] s_schedules = ["cosine", "tanh", "step", "multistep", "plateau"];

    /// <summary>Every optimizer, schedule and option, and every pair of schedule, average and pieces.</summary>
    public static IEnumerable<TheoryDataRow<string, string, bool, int>> Combinations =>
    [
        .. OptimizerCatalog.Names.Select((o, i) => new TheoryDataRow<string, string, bool, int>(
            o, s_schedules[i % s_schedules.Length], i % 2 == 0, i % 3 == 0 ? 3 : 0)),
        .. from s in s_schedules from ema in new[] { false, true } from micro in new[] { 0, 3 }
           select new TheoryDataRow<string, string, bool, int>("adamw", s, ema, micro),
    ];

    [Theory]
    [MemberData(nameof(Combinations))]
    public void GoesOnWithTheSameBits(string optimizer, string schedule, bool average, int microBatch)
    {
        TrainingOptions options = Options with
        {
            Opt = optimizer,
            Sched = schedule,
            ModelEma = average,
            ModelEmaDecay = 0.9,
            MicroBatch = microBatch,
            PatienceEpochs = 0,
            DecayMilestones = [2],
            DecayEpochs = 1,
            LrNoise = [0.3],
            ClipGradient = 0.5,
            ClipMode = microBatch > 0 ? "agc" : "value",
            RepeatedAug = average ? 2 : 1,
            LayerDecay = 0.8,
            BceLoss = schedule == "tanh",
        };
        Train("whole", Model("svp"), new Recorder(), options);
        using var cancel = new CancellationTokenSource();
        TrainingResult first = Train(
            "cut", Model("svp"), new Recorder { CancelAfter = (6, cancel) }, options, cancel);
        Assert.False(first.Finished);
        Assert.True(Resume("cut", options).Finished);
        string[] files = ["last.safetensors", "best.safetensors", "steps.jsonl"];
        foreach (string file in average ? [.. files, "best_ema.safetensors"] : files)
            Assert.Equal(File.ReadAllBytes(At("whole", file)), File.ReadAllBytes(At("cut", file)));
        Assert.Equal(WithoutTimes("whole"), WithoutTimes("cut"));
    }

    [Fact]
    public void OtherOptionsAreOneErrorThatNamesThem()
    {
        Interrupt(Options);
        TrainingOptions other = Options with
        {
            LearningRate = 0.1,
            OptBetas = [0.8, 0.9],
            ModelEmaDecay = 0.5,
            Workers = 1,
            EarlyStop = 3,
        };
        var error = Assert.Throws<VisionMambaException>(() => Resume("run", other));
        Assert.Contains("--lr was 0.2, is 0.1", error.Message);
        Assert.Contains("--opt-betas was [], is [0.8,0.9]", error.Message);
        Assert.Contains("--model-ema-decay", error.Message);
        Assert.DoesNotContain("--workers", error.Message);
        Assert.DoesNotContain("--early-stop", error.Message);
        Assert.DoesNotContain("\n", error.Message);
    }

    [Theory]
    [InlineData("cosine", false)]
    [InlineData("step", true)]
    [InlineData("plateau", true)]
    public void MoreEpochsAreAllowedWhereTheRatesDoNotDependOnThem(string schedule, bool allowed)
    {
        TrainingOptions options = Options with { Sched = schedule };
        Interrupt(options);
        TrainingOptions longer = options with { Epochs = 4 };
        if (!allowed)
        {
            string message = Assert.Throws<VisionMambaException>(() => Resume("run", longer)).Message;
            Assert.Contains("--epochs was 3, is 4", message);
            return;
        }

        Assert.Equal(4, Resume("run", longer).State.Epoch);
        Train("whole", Model("svp"), new Recorder(), longer);
        Assert.Equal(File.ReadAllText(At("whole", "steps.jsonl")), File.ReadAllText(At("run", "steps.jsonl")));
    }

    [Fact]
    public void ARunWithoutAnAverageCannotGoOnWithOne()
    {
        Interrupt(Options);
        var error = Assert.Throws<VisionMambaException>(() => Resume("run", Options with { ModelEma = true }));
        Assert.Contains("--model-ema was false, is true", error.Message);
    }

    private void Interrupt(TrainingOptions options)
    {
        using var cancel = new CancellationTokenSource();
        VisionMambaModel model = Model("svp");
        Assert.False(Train("run", model, new Recorder { CancelAfter = (3, cancel) }, options, cancel).Finished);
    }
}
