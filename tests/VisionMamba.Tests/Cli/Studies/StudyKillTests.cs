using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Cli.Studies;

/// <summary>A study's process is killed (SIGKILL) again and again; what is recorded in the end is what one gets
/// without.</summary>
[Collection(CommandLine.Collection)]
public sealed class StudyKillTests
{
    // Each in a process of its own, which goes on from where the one before was killed.
    private static readonly Moment[] s_moments =
    [
        // The folder of the first run is there; its flags are; it has done an epoch; it is done, but not recorded.
        Moment.While("arguments.json"),
        Moment.While("run.json"),
        Moment.While("last.safetensors", 2),
        Moment.While("lr-0.02.json"),
        // The first seed is tested with a tuned model; it is recorded, but the models are still there.
        Moment.While("seed-3.json"),
        Moment.After("seed-3.json"),
        // In the second seed's training, and where another method or task has come that far.
        Moment.While("last.safetensors", 2),
        Moment.While("seed-4.json", 2),
    ];

    [Fact]
    public async Task AKilledStudyEndsWithTheSameRecords()
    {
        using var study = new TinyStudy();
        CommandLine.Succeed([.. study.Command("whole")]);
        foreach (Moment moment in s_moments)
        {
            await SvpProcess.KillAt(moment, study.Command("cut"));
            if (!moment.InPlace)
                Assert.Single(Temporary(study, moment.File));
        }

        await SvpProcess.Succeed(SvpProcess.Built, study.Command("cut"));
        Assert.Equal(study.Records("whole"), study.Records("cut"));
        Assert.Equal(TinyStudy.Runs, study.Records("cut").Count);
        Assert.Empty(Directory.GetFiles(study.At("cut"), "*.safetensors", SearchOption.AllDirectories));
        Assert.Empty(Temporary(study, "*"));
    }

    private static string[] Temporary(TinyStudy study, string file) =>
        Directory.GetFiles(study.At("cut"), $".{file}.*.tmp", SearchOption.AllDirectories);
}
