using VisionMamba.Data.Datasets;

namespace VisionMamba.Cli.Runs;

/// <summary>
/// Keeps the data sets that were read last, with their decoded or rendered pictures, for the runs that follow in the
/// same process: a study trains on the same few hundred pictures again and again.
/// </summary>
internal static class KeptImages
{
    private const int Most = 2;
    private static readonly List<(RunData Data, DatasetSplits Splits)> s_kept = [];
    private static int s_holders;
    private static long s_budget;

    /// <summary>
    /// Keeps data sets until it is disposed, and of the pictures of each part up to <paramref name="budget"/> bytes. A
    /// run's --memory-limit does not count those, so it is 0 where there is one; the run itself then keeps what fits.
    /// </summary>
    public static IDisposable Hold(long budget = CachedImageSource.DefaultBudget) => new Holder(budget);

    /// <summary>What was kept of <paramref name="data"/>, or what <paramref name="read"/> gives.</summary>
    public static DatasetSplits Load(RunData data, Func<DatasetSplits> read)
    {
        RunData key = data with { TestAtEnd = true };
        lock (s_kept)
        {
            if (s_holders == 0)
                return read();
            int at = s_kept.FindIndex(k => k.Data == key);
            (RunData, DatasetSplits Splits) found = at >= 0 ? s_kept[at] : (key, Decoded(read()));
            if (at >= 0)
                s_kept.RemoveAt(at);
            else if (s_kept.Count == Most)
                s_kept.RemoveAt(0);
            s_kept.Add(found);
            return found.Splits;
        }
    }

    private static DatasetSplits Decoded(DatasetSplits splits) => splits with
    {
        Train = splits.Train.Cached(s_budget),
        Validation = splits.Validation.Cached(s_budget),
        Test = splits.Test?.Cached(s_budget),
    };

    private sealed class Holder : IDisposable
    {
        private int _disposed;

        public Holder(long budget)
        {
            lock (s_kept)
                s_budget = s_holders++ == 0 ? budget : Math.Min(s_budget, budget);
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) != 0)
                return;
            lock (s_kept)
            {
                if (--s_holders == 0)
                    s_kept.Clear();
            }
        }
    }
}
