using System.Globalization;

namespace VisionMamba.Training.TensorBoard;

/// <summary>
/// A run's curves as TensorBoard reads them: events.out.tfevents.SECONDS.svp.PROCESS in the run's folder. A resumed run
/// begins a second file whose first event tells the viewer to forget what the first says of later steps.
/// </summary>
internal sealed class EventFile : IDisposable
{
    private const string Prefix = "events.out.tfevents.";
    private readonly FileStream _stream;

    /// <summary>Begins a file in <paramref name="folder"/>; <paramref name="stepsDone"/> is 0 for a new run.</summary>
    public EventFile(string folder, long stepsDone)
    {
        // The viewer reads files in order of name: a new one must sort after the others, also within the same second.
        long seconds = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        bool goesOn = stepsDone > 0;
        foreach (string other in Directory.EnumerateFiles(folder, Prefix + "*"))
        {
            // A run that was killed before its first save wrote steps, too.
            goesOn = true;
            string stamp = Path.GetFileName(other)[Prefix.Length..].Split('.')[0];
            if (long.TryParse(stamp, CultureInfo.InvariantCulture, out long theirs))
                seconds = Math.Max(seconds, theirs + 1);
        }

        string name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{seconds:D10}.svp.{Environment.ProcessId}");
        _stream = new FileStream(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        Write(EventRecord.Version(Now));
        if (goesOn)
            Write(EventRecord.Restart(Now, stepsDone + 1));
        Flush();
    }

    private static double Now => (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalSeconds;

    /// <summary>Adds values of one step, each under its tag.</summary>
    public void Scalars(long step, params ReadOnlySpan<(string Tag, double Value)> values) =>
        Write(EventRecord.Scalars(Now, step, values));

    /// <summary>Hands what is buffered to the system, where a killed process cannot lose it.</summary>
    public void Flush() => _stream.Flush();

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private void Write(ReadOnlySpan<byte> @event) => RecordFraming.Write(_stream, @event);
}
