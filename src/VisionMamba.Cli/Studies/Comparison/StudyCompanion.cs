using System.Diagnostics;
using System.Runtime.InteropServices;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>
/// A second process that works along on a study. It ends when the first one does, however that ends: its standard input
/// is then closed.
/// </summary>
internal sealed class StudyCompanion : IDisposable
{
    private readonly Process _process;
    private readonly StreamWriter _log;

    private StudyCompanion(Process process, StreamWriter log) => (_process, _log) = (process, log);

    /// <summary>
    /// Starts svp with <paramref name="arguments"/> and --join; what it says goes to a log in the folder.
    /// </summary>
    public static StudyCompanion Start(IEnumerable<string> arguments, string folder)
    {
        string program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "svp.exe" : "svp");
        bool hosted = !File.Exists(program);
        var start = new ProcessStartInfo(hosted ? "dotnet" : program)
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        if (hosted)
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "svp.dll"));
        foreach (string argument in arguments.Append("--join"))
            start.ArgumentList.Add(argument);
        // The runtime of this process, wherever it is installed.
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(
            Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        StreamWriter log = File.AppendText(Path.Combine(folder, "second-process.log"));
        log.AutoFlush = true;
        Process process = Process.Start(start)!;
        DataReceivedEventHandler keep = (_, line) =>
        {
            lock (log)
                log.WriteLine(line.Data);
        };
        process.ErrorDataReceived += keep;
        process.OutputDataReceived += keep;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return new StudyCompanion(process, log);
    }

    /// <summary>In the second process: ends it when the first one has ended.</summary>
    public static void EndWithParent() => new Thread(() =>
    {
        while (Console.In.Read() >= 0)
        {
        }

        // Whatever is being written is written whole or not at all.
        Environment.Exit(1);
    })
    {
        IsBackground = true,
        Name = "svp parent",
    }.Start();

    /// <summary>Waits until it has done its last run, or has it stopped.</summary>
    public void Wait(bool stop)
    {
        if (stop)
            _process.StandardInput.Close();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            _process.WaitForExit();
        }

        _process.Dispose();
        lock (_log)
            _log.Dispose();
    }
}
