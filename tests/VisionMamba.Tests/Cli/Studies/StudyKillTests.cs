using System.Diagnostics;
using System.Runtime.InteropServices;

namespace VisionMamba.Tests.Cli.Studies;

/// <summary>A study's process is killed (SIGKILL) again and again; what is recorded in the end is what one gets
/// without.</summary>
[Collection(CommandLine.Collection)]
public sealed class StudyKillTests
{
    [Fact]
    public async Task AKilledStudyEndsWithTheSameRecords()
    {
        using var study = new TinyStudy();
        CommandLine.Succeed([.. study.Command("whole")]);
        string records = study.At("cut", "records"), runs = study.At("cut", "runs");
        int Files(string folder, string pattern) => !Directory.Exists(folder) ? 0
            : Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories).Count();
        Func<bool>[] moments =
        [
            () => Files(runs, "arguments.json") > 0,
            () => Files(runs, "run.json") > 0,
            () => Files(records, "*.json") >= 2,
            () => Files(records, "seed-*.json") >= 1,
            () => Files(records, "*.json") >= 6 && Files(runs, "last.safetensors") > 0,
            () => Files(records, "*.json") >= 9,
        ];
        int kills = 0;
        foreach (Func<bool> moment in moments)
            kills += await Run(study, moment) ? 1 : 0;
        Assert.True(kills >= 4, $"only {kills} of {moments.Length} processes were killed before they were done");
        await Run(study, () => false);
        Assert.Equal(study.Records("whole"), study.Records("cut"));
        Assert.Equal(TinyStudy.Runs, study.Records("cut").Count);
        Assert.Empty(Directory.GetFiles(study.At("cut"), "*.safetensors", SearchOption.AllDirectories));
    }

    /// <summary>Begins or goes on with the study and kills it at a moment; whether it came to that.</summary>
    private static async Task<bool> Run(TinyStudy study, Func<bool> moment)
    {
        var start = new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "svp.exe" : "svp"))
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach (string argument in study.Command("cut"))
            start.ArgumentList.Add(argument);
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(
            Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(), output = process.StandardOutput.ReadToEndAsync();
        bool killed = false;
        while (!process.HasExited)
        {
            if (moment())
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
        return killed;
    }
}
