using System.Text.Json.Nodes;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Training;

/// <summary>
/// The built command line is killed (SIGKILL) in the middle of writing each of its files and resumed until it is done;
/// what it leaves must equal what an uninterrupted run leaves, byte for byte.
/// </summary>
public sealed class KillTests
{
    // Each in a process of its own, which goes on from where the one before was killed; 4 steps an epoch.
    private static readonly Moment[] s_moments =
    [
        // Nothing is there yet; a checkpoint is; a checkpoint and settings are.
        Moment.While("last.safetensors"),
        Moment.While("run.json"),
        Moment.While("log.csv"),
        // The log is a step ahead of the checkpoint, and is being cut back.
        Moment.While("last.safetensors", 2),
        Moment.While("steps.jsonl"),
        // The end of the first epoch.
        Moment.While("log.csv", 2),
        Moment.While("best.safetensors"),
        Moment.While("last.safetensors"),
        // Within the second epoch, and after all of it.
        Moment.While("last.safetensors", 3),
        Moment.While("pack.safetensors"),
        Moment.While("result.json"),
    ];

    // Paths, times and memory. The last process only writes the result, so that it has not measured them.
    private static readonly string[] s_own =
        ["started", "last", "best", "pack", "images_per_second", "step_peak_bytes", "peak_memory_bytes"];

    [Fact]
    public async Task AKilledRunGoesOnWithTheSameBits()
    {
        using var task = new TinyTask();
        string whole = task.At("whole"), cut = task.At("cut");
        await SvpProcess.Succeed(SvpProcess.Built, Command(task, whole));
        foreach (Moment moment in s_moments)
        {
            await SvpProcess.KillAt(moment, Command(task, cut));
            Assert.Single(Directory.GetFiles(cut, $".{moment.File}.*.tmp"));
        }

        await SvpProcess.Succeed(SvpProcess.Built, Command(task, cut));
        foreach (string file in new[] { "last.safetensors", "best.safetensors", "pack.safetensors", "steps.jsonl" })
            Assert.Equal(File.ReadAllBytes(Path.Combine(whole, file)), File.ReadAllBytes(Path.Combine(cut, file)));
        Assert.Equal(WithoutTimes(whole), WithoutTimes(cut));
        Assert.Equal(8, File.ReadAllLines(Path.Combine(cut, "steps.jsonl")).Length);
        foreach (string file in new[] { "run.json", "result.json" })
            Assert.Equal(Record(whole, file), Record(cut, file));
        Assert.Equal([".lock"], Directory.GetFiles(cut, ".*").Select(Path.GetFileName));
    }

    /// <summary>Begins the run, or goes on with it.</summary>
    private static string[] Command(TinyTask task, string folder) =>
        File.Exists(Path.Combine(folder, "run.json"))
            ? ["train", "--output", folder, "--resume", "--threads", "1"]
            : ["train", .. task.Train, "--save-every", "1", "--prompt-dropout", "0.1", "--output", folder];

    /// <summary>A record without what differs between two runs of the same.</summary>
    private static string Record(string run, string file)
    {
        JsonObject record = JsonNode.Parse(File.ReadAllText(Path.Combine(run, file)))!.AsObject();
        foreach (string own in s_own)
            record.Remove(own);
        return record.ToJsonString();
    }

    private static string[] WithoutTimes(string run) =>
        [.. File.ReadAllLines(Path.Combine(run, "log.csv")).Select(r => r[..r.LastIndexOf(',')])];
}
