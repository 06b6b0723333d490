using System.Collections.Concurrent;

namespace VisionMamba.Data.Datasets;

/// <summary>One part of a checked data set.</summary>
/// <param name="Name">train, validation or test.</param>
/// <param name="Told">The file or folder that lists it.</param>
/// <param name="Counts">Images of each class, by label.</param>
/// <param name="Published">The published numbers of images; empty where none is known.</param>
/// <param name="Missing">Listed images that are not there.</param>
/// <param name="Unreadable">One line for each image that cannot be read whole.</param>
public sealed record CheckedPart(
    string Name, string Told, IReadOnlyList<int> Counts, IReadOnlyList<int> Published,
    IReadOnlyList<string> Missing, IReadOnlyList<string> Unreadable)
{
    /// <summary>How many images are listed.</summary>
    public int Images => Counts.Sum();
}

/// <summary>What a check found. <see cref="Problems"/> has one line for each thing that is not as published.</summary>
public sealed record CheckReport(
    string Name, DatasetCard? Card, IReadOnlyList<string> Classes, IReadOnlyList<CheckedPart> Parts,
    IReadOnlyList<string> Problems)
{
    /// <summary>
    /// What lies in the folder and belongs to no part; it may be there on purpose, so it is no problem.
    /// </summary>
    public IReadOnlyList<NotTaken> NotTaken { get; init; } = [];

    /// <summary>Everything is there, readable and as published.</summary>
    public bool Complete => Problems.Count == 0;
}

/// <summary>Compares a data set on disk with the published numbers and decodes every image.</summary>
public static class DatasetCheck
{
    /// <summary>
    /// Checks <paramref name="dir"/> as <paramref name="name"/>. <paramref name="progress"/> is told images done and
    /// images in all, from several threads. What cannot be read at all, or with these options, is a problem of the
    /// report.
    /// </summary>
    /// <exception cref="VisionMambaException">The name is not known.</exception>
    public static CheckReport Run(
        string name, string dir, DatasetOptions? options = null, int threads = 0, Action<int, int>? progress = null,
        CancellationToken cancel = default)
    {
        name = DatasetLoader.Canonical(name);
        DatasetCard? card = DatasetCard.Of(name);
        DatasetParts parts;
        try
        {
            parts = DatasetLoader.Read(dir, name, (options ?? new DatasetOptions()) with { AllowMissing = true });
        }
        catch (VisionMambaException e)
        {
            return new CheckReport(name, card, [], [], [e.Message]);
        }

        int total = parts.Listed.Sum(listed => listed.Part.Samples.Count), done = 0;
        List<CheckedPart> found = parts.Listed
            .Select(listed => Decode(
                listed.Name, listed.Part, parts.Classes.Count, card?.Published(listed.Name) ?? [], threads,
                () => progress?.Invoke(Interlocked.Increment(ref done), total), cancel))
            .ToList();
        List<string> problems = Problems(card, parts.Classes, found, options);
        if (card is null && SingleClass.Fault(dir, parts.Classes) is { } single)
            problems.Insert(0, single);
        return new CheckReport(name, card, parts.Classes, found, problems)
        {
            NotTaken = parts.NotTaken,
        };
    }

    private static CheckedPart Decode(
        string name, DatasetPart part, int classes, IReadOnlyList<int> published, int threads, Action step,
        CancellationToken cancel)
    {
        var missing = new ConcurrentBag<int>();
        var unreadable = new ConcurrentDictionary<int, string>();
        IImageSource source = part.Source ?? FileImageSource.Instance;
        var parallel = new ParallelOptions
        {
            CancellationToken = cancel,
            MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount,
        };
        Parallel.For(0, part.Samples.Count, parallel, i =>
        {
            Sample sample = part.Samples[i];
            if (part.Source is null && !File.Exists(sample.Path))
                missing.Add(i);
            else
                TryLoad(i, sample);
            step();
        });
        return new CheckedPart(
            name, part.Told, part.ToSet(name, new string[classes]).CountsPerClass, published,
            missing.Order().Select(i => part.Samples[i].Path).ToList(),
            unreadable.OrderBy(pair => pair.Key).Select(pair => pair.Value).ToList());

        void TryLoad(int i, Sample sample)
        {
            try
            {
                source.Load(i, sample);
            }
            catch (VisionMambaException e)
            {
                unreadable[i] = e.Message;
            }
        }
    }

    private static List<string> Problems(
        DatasetCard? card, IReadOnlyList<string> classes, List<CheckedPart> parts, DatasetOptions? options)
    {
        var problems = new List<string>();
        if (card is not null && card.Classes != classes.Count)
            problems.Add($"{classes.Count} classes where {card.Classes} are published");
        foreach (CheckedPart part in parts)
        {
            // A percentage of the training list has no published size of its own.
            bool judged = part.Name != "train" || options?.TrainPercent is null;
            if (judged && part.Published.Count > 0 && !part.Published.Contains(part.Images))
                problems.Add($"{part.Name}: {part.Told} has {part.Images} images where "
                    + $"{string.Join(" or ", part.Published)} are published");
            else if (judged && card?.PerClass?.TryGetValue(part.Name, out int each) == true
                     && part.Counts.Count(n => n != each) is > 0 and int odd)
                problems.Add($"{part.Name}: {odd} classes do not have the published {each} images");
            if (part.Missing.Count > 0)
                problems.Add($"{part.Name}: {part.Missing.Count} images are missing, the first is {part.Missing[0]}");
            if (part.Unreadable.Count > 0)
                problems.Add(
                    $"{part.Name}: {part.Unreadable.Count} images cannot be read, the first: {part.Unreadable[0]}");
        }

        foreach (string name in new[] { "train", "validation", "test" })
            if (card?.Published(name).Count > 0 && parts.All(part => part.Name != name))
                problems.Add($"{name}: the part is missing");
        return problems;
    }
}
