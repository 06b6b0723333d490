using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Tests.Support;

/// <summary>
/// A moment of a built svp's process, at which it gets signals. The process finds the moment itself
/// (<see cref="StartupHook"/>), so that it is never missed.
/// </summary>
/// <param name="File">The name of the file that it is writing.</param>
/// <param name="Time">Which of the files of that name since it was started, from 1.</param>
/// <param name="InPlace">Whether the file has just been put in its place, or is half written.</param>
internal sealed partial record Moment(string File, int Time, bool InPlace)
{
    public const int Interrupt = 2, Kill = 9, Terminate = 15;

    private const string Variable = "VISIONMAMBA_TEST_MOMENT";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    public static Moment While(string file, int time = 1) => new(file, time, InPlace: false);

    public static Moment After(string file, int time = 1) => new(file, time, InPlace: true);

    /// <summary>The environment of a process that gets these signals, one after the other.</summary>
    public (string Name, string Value)[] Signalled(params int[] signals) =>
    [
        ("DOTNET_STARTUP_HOOKS", typeof(Moment).Assembly.Location),
        (Variable, $"{File}|{Time}|{InPlace}|{string.Join('|', signals)}"),
    ];

    /// <summary>In the process: gets ready for what its environment says.</summary>
    public static void Await()
    {
        string[] parts = Environment.GetEnvironmentVariable(Variable)!.Split('|');
        int left = int.Parse(parts[1], CultureInfo.InvariantCulture);
        bool wanted = bool.Parse(parts[2]);
        int[] signals = [.. parts[3..].Select(p => int.Parse(p, CultureInfo.InvariantCulture))];
        // As in a terminal, also where a shell began the tests in the background and had them ignore Ctrl-C.
        foreach (int signal in signals.Where(s => s != Kill))
            _ = SetHandler(signal, 0);
        AtomicFile.Moment = (path, inPlace) =>
        {
            if (inPlace == wanted && Path.GetFileName(path) == parts[0] && Interlocked.Decrement(ref left) == 0)
                Array.ForEach(signals, Send);
        };
    }

    /// <summary>Sends this process a signal and waits until its handlers are through.</summary>
    private static void Send(int signal)
    {
        if (signal == Kill)
        {
            Process.GetCurrentProcess().Kill();
            return;
        }

        Thread? thread = null;
        using var begun = new ManualResetEventSlim();
        // The runtime calls all handlers of a signal on one thread of its own.
        using var registration = PosixSignalRegistration.Create((PosixSignal)signal, _ =>
        {
            thread = Thread.CurrentThread;
            begun.Set();
        });
        _ = SendSignal(Environment.ProcessId, signal);
        if (begun.Wait(s_patience))
            thread!.Join(s_patience);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint SetHandler(int signal, nint handler);
}
