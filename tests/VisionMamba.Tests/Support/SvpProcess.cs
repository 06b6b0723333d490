using System.Diagnostics;
using System.Runtime.InteropServices;
using VisionMamba.Tests.Cli;

namespace VisionMamba.Tests.Support;

/// <summary>Runs a built or published svp as a process of its own.</summary>
internal static class SvpProcess
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    /// <summary>The program that was built with the tests; it needs the installed runtime.</summary>
    public static string Built { get; } =
        Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "svp.exe" : "svp");

    /// <summary>
    /// What <paramref name="program"/> answers; <paramref name="environment"/> is added. It is killed, with all that it
    /// began, where the test is cancelled or it takes minutes.
    /// </summary>
    public static async Task<CommandResult> Run(
        string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        // Where this process' runtime is, wherever it was installed.
        start.Environment["DOTNET_ROOT"] =
            Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> log = process.StandardError.ReadToEndAsync(), output = process.StandardOutput.ReadToEndAsync();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        cancel.CancelAfter(s_patience);
        try
        {
            await process.WaitForExitAsync(cancel.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            throw new TimeoutException(
                $"{program} {string.Join(' ', start.ArgumentList)}: took more than {s_patience.TotalMinutes} minutes");
        }

        return new CommandResult(process.ExitCode, await output, await log);
    }

    /// <summary>As <see cref="Run"/>, for a command that must succeed.</summary>
    public static async Task<CommandResult> Succeed(
        string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        CommandResult result = await Run(program, arguments, environment);
        Assert.True(result.Code == 0, $"{program} {string.Join(' ', arguments)} gave {result.Code}: {result.Log}");
        return result;
    }

    /// <summary>Runs the built svp until <paramref name="moment"/>, at which it is killed (SIGKILL). Fails where it
    /// ends before.</summary>
    public static async Task KillAt(Moment moment, IEnumerable<string> arguments)
    {
        CommandResult result = await Run(Built, arguments, moment.Signalled(Moment.Kill));
        Assert.True(
            result.Code == (OperatingSystem.IsWindows() ? -1 : 128 + Moment.Kill),
            $"{moment}: not killed, gave {result.Code}: {result.Log}");
    }
}
