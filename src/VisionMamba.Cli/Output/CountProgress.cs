using System.Diagnostics;

namespace VisionMamba.Cli.Output;

/// <summary>
/// Counts on stderr: one line that is rewritten on a terminal, a line every ten seconds elsewhere. May be told from
/// several threads, as often as one likes.
/// </summary>
internal sealed class CountProgress(string what) : IDisposable
{
    private static readonly bool s_live = !Console.IsErrorRedirected;
    private readonly TimeSpan _interval = s_live ? TimeSpan.FromMilliseconds(200) : TimeSpan.FromSeconds(10);
    private readonly Stopwatch _since = Stopwatch.StartNew();
    private readonly Lock _lock = new();
    // A study turns the console's stream away while it trains.
    private readonly TextWriter _to = Console.Error;
    private bool _shown;

    public void Step(int done, int total) => Show($"{what} {done:N0} of {total:N0} images");

    /// <summary>Shows <paramref name="text"/> when the last line is old enough, or at once.</summary>
    public void Show(string text, bool now = false)
    {
        lock (_lock)
        {
            if (_since.Elapsed < _interval && !now)
                return;
            _since.Restart();
            _to.Write(s_live ? $"\r{text}\u001b[K" : text + Environment.NewLine);
            _shown = s_live;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_shown)
                _to.Write("\r\u001b[K");
            _shown = false;
        }
    }
}
