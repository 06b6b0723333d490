using System.Diagnostics;
using System.Runtime.InteropServices;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Training;

/// <summary>
/// The built command line is killed (SIGKILL) at moments of all kinds and resumed until it is done; what it leaves
/// must equal
/// what an uninterrupted run leaves, byte for byte.
/// </summary>
public sealed class KillTests
{
    [Fact]
    public async Task AKilledRunGoesOnWithTheSameBits()
    {
        using var task = new TinyTask();
        string whole = task.At("whole"), cut = task.At("cut");
        Assert.Equal(0, await Run(task, whole, _ => false));
        // Each moment is looked for in a process of its own, in this order; the steps passed decide what is seen.
        Func<string, bool>[] moments =
        [
            folder => File.Exists(Path.Combine(folder, "last.safetensors")),
            folder => File.Exists(Path.Combine(folder, "run.json")),
            folder => Half(folder, "last.safetensors"),
            Checkpoints(2),
            folder => Steps(folder) >= 3,
            folder => Half(folder, "log.csv"),
            folder => Half(folder, "best.safetensors"),
            Checkpoints(1),
            folder => Steps(folder) >= 6,
        ];
        int kills = 0;
        foreach (Func<string, bool> moment in moments)
        {
            if (await Run(task, cut, moment) != 0)
                kills++;
        }

        Assert.True(kills >= 4, $"only {kills} of {moments.Length} processes were killed before they were done");
        Assert.Equal(0, await Run(task, cut, _ => false));
        foreach (string file in new[] { "last.safetensors", "best.safetensors", "steps.jsonl" })
            Assert.Equal(File.ReadAllBytes(Path.Combine(whole, file)), File.ReadAllBytes(Path.Combine(cut, file)));
        Assert.Equal(WithoutTimes(whole), WithoutTimes(cut));
        Assert.Equal(8, File.ReadAllLines(Path.Combine(cut, "steps.jsonl")).Length);
        Assert.Equal([".lock"], Directory.GetFiles(cut, ".*").Select(Path.GetFileName));
    }

    /// <summary>When last.safetensors has been replaced so many times.</summary>
    private static Func<string, bool> Checkpoints(int count)
    {
        DateTime? seen = null;
        int replaced = 0;
        return folder =>
        {
            DateTime now = File.GetLastWriteTimeUtc(Path.Combine(folder, "last.safetensors"));
            replaced += now == (seen ?? now) ? 0 : 1;
            seen = now;
            return replaced >= count;
        };
    }

    private static bool Half(string folder, string file) =>
        Directory.Exists(folder) && Directory.EnumerateFiles(folder, $".{file}.*.tmp").Any();

    private static int Steps(string folder)
    {
        string path = Path.Combine(folder, "steps.jsonl");
        if (!File.Exists(path))
            return 0;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Count(c => c == '\n');
    }

    private static string[] WithoutTimes(string run) =>
        [.. File.ReadAllLines(Path.Combine(run, "log.csv")).Select(r => r[..r.LastIndexOf(',')])];

    /// <summary>Begins or resumes the run and kills it at <paramref name="moment"/>; the exit code.</summary>
    private static async Task<int> Run(TinyTask task, string folder, Func<string, bool> moment)
    {
        bool begun = File.Exists(Path.Combine(folder, "run.json"));
        // As a run that was killed: what the moment looks for must be new.
        int before = Steps(folder);
        string[] arguments = begun
            ? ["--output", folder, "--resume", "--threads", "1"]
            : [.. task.Train, "--save-every", "1", "--prompt-dropout", "0.1", "--output", folder];
        var start = new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "svp.exe" : "svp"))
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach (string argument in arguments.Prepend("train"))
            start.ArgumentList.Add(argument);
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(
            Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(), output = process.StandardOutput.ReadToEndAsync();
        bool killed = false;
        while (!process.HasExited)
        {
            if (moment(folder) && (!begun || before == 0 || Steps(folder) != before))
            {
                process.Kill();
                killed = true;
                break;
            }

            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        string said = await errors + await output;
        Assert.True(killed || process.ExitCode == 0, said);
        return process.ExitCode;
    }
}
