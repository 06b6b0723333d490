namespace VisionMamba.Data.Datasets;

/// <summary>Finds the pictures that cannot be decoded before any work is spent on the others.</summary>
public static class ReadableImages
{
    /// <summary>
    /// Decodes every picture of <paramref name="data"/> once, on all processors. Gives the set without those that fail,
    /// in the same order and with the same classes, and one line for each failure that names the file and the reason.
    /// </summary>
    public static (ImageDataset Readable, IReadOnlyList<string> Failures) Of(ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var failures = new string?[data.Count];
        Parallel.For(0, data.Count, i =>
        {
            try
            {
                data.Load(i);
            }
            catch (Exception e) when (e is VisionMambaException or IOException or UnauthorizedAccessException)
            {
                string path = data.Samples[i].Path;
                failures[i] = e.Message.Contains(path, StringComparison.Ordinal) ? e.Message : $"{path}: {e.Message}";
            }
        });
        string[] found = [.. failures.OfType<string>()];
        int[] readable = [.. Enumerable.Range(0, data.Count).Where(i => failures[i] is null)];
        return found.Length == 0 ? (data, found) : (data.Subset(data.Name, readable), found);
    }
}
