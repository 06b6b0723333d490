namespace VisionMamba.Data.Datasets;

/// <summary>What lies in a data set's folder and belongs to no part.</summary>
/// <param name="Place">The folder, counted from the data set's, with a slash at its end.</param>
/// <param name="What">A file ending, or what it is in words.</param>
/// <param name="Count">How many.</param>
public sealed record NotTaken(string Place, string What, int Count)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Place}: {What} ({Count})";
}

/// <summary>Counts what is not taken below <paramref name="dir"/>, in the order it is met.</summary>
internal sealed class NotTakenCounts(string dir)
{
    private readonly Dictionary<(string Place, string What), int> _counts = [];

    public void Add(string folder, string what, int count = 1)
    {
        if (count == 0)
            return;
        (string, string) key = (Path.GetRelativePath(dir, folder).Replace('\\', '/') + "/", what);
        _counts[key] = _counts.GetValueOrDefault(key) + count;
    }

    public IReadOnlyList<NotTaken> ToList() =>
        [.. _counts.Select(pair => new NotTaken(pair.Key.Place, pair.Key.What, pair.Value))];
}
