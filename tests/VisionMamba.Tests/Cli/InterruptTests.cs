using VisionMamba.Tensors.Files;
using VisionMamba.Tests.Support;
using VisionMamba.Training;

namespace VisionMamba.Tests.Cli;

/// <summary>Ctrl-C (SIGINT) and SIGTERM, sent to a process of its own.</summary>
public sealed class InterruptTests
{
    [Theory]
    [InlineData(Moment.Interrupt)]
    [InlineData(Moment.Terminate)]
    public async Task ASignalSavesTheRunWhichGoesOnWithTheSameBits(int signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a process cannot send itself these signals on Windows");
        using var task = new TinyTask();
        string whole = task.At("whole"), cut = task.At("cut");
        string[] resume = ["train", "--output", cut, "--resume", "--threads", "1"];
        await SvpProcess.Succeed(SvpProcess.Built, ["train", .. task.Train, "--output", whole]);

        // Before the first step, which is still made; then at the end of the first epoch, which has 4.
        await Interrupted(["train", .. task.Train, "--output", cut], Moment.After("steps.jsonl"), signal);
        Assert.Equal((1, 1), Steps(cut));
        await Interrupted(resume, Moment.After("log.csv", 2), signal);
        Assert.Equal((4, 4), Steps(cut));

        await SvpProcess.Succeed(SvpProcess.Built, resume);
        AssertSame(whole, cut);
    }

    [Fact]
    public async Task ASecondSignalEndsTheRunAtOnceWhichGoesOnAllTheSame()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a process cannot send itself these signals on Windows");
        using var task = new TinyTask();
        string whole = task.At("whole"), cut = task.At("cut");
        await SvpProcess.Succeed(SvpProcess.Built, ["train", .. task.Train, "--output", whole]);
        CommandResult result = await SvpProcess.Run(
            SvpProcess.Built, ["train", .. task.Train, "--output", cut],
            Moment.After("steps.jsonl").Signalled(Moment.Interrupt, Moment.Interrupt));
        Assert.Equal(128 + Moment.Interrupt, result.Code);
        Assert.DoesNotContain("saved", result.Log);
        Assert.Equal((0, 0), Steps(cut));
        await SvpProcess.Succeed(SvpProcess.Built, ["train", "--output", cut, "--resume", "--threads", "1"]);
        AssertSame(whole, cut);
    }

    private static async Task Interrupted(string[] arguments, Moment moment, int signal)
    {
        CommandResult result = await SvpProcess.Run(SvpProcess.Built, arguments, moment.Signalled(signal));
        Assert.True(result.Code == 1, $"{moment}: gave {result.Code}: {result.Log}");
        Assert.Contains("interrupted and saved; go on with: svp train", result.Log);
    }

    /// <summary>The steps that the checkpoint and the log know of.</summary>
    private static (long Saved, int Logged) Steps(string run)
    {
        using TensorFile last = TensorFile.Open(Path.Combine(run, "last.safetensors"));
        return (TrainingState.Read(last).Step, File.ReadAllLines(Path.Combine(run, "steps.jsonl")).Length);
    }

    private static void AssertSame(string whole, string cut)
    {
        foreach (string file in new[] { "last.safetensors", "best.safetensors", "steps.jsonl" })
            Assert.Equal(File.ReadAllBytes(Path.Combine(whole, file)), File.ReadAllBytes(Path.Combine(cut, file)));
    }
}
