using VisionMamba.Data.Images;

namespace VisionMamba.Data.Datasets;

/// <summary>Labelled pictures and where they come from. Immutable; pictures are loaded when asked for.</summary>
public sealed class ImageDataset
{
    private readonly int[] _counts;

    /// <summary>
    /// Of <paramref name="samples"/>, read as files unless <paramref name="source"/> makes the pictures.
    /// </summary>
    public ImageDataset(
        string name, IReadOnlyList<string> classes, IReadOnlyList<Sample> samples, IImageSource? source = null)
    {
        ArgumentNullException.ThrowIfNull(classes);
        ArgumentNullException.ThrowIfNull(samples);
        _counts = new int[classes.Count];
        foreach (Sample sample in samples)
        {
            if ((uint)sample.Label >= (uint)classes.Count)
                throw new VisionMambaException(
                    $"{sample.Path}: label {sample.Label} is not one of the {classes.Count} classes of {name}");
            _counts[sample.Label]++;
        }

        (Name, Classes, Samples, Source) = (name, classes, samples, source ?? FileImageSource.Instance);
    }

    /// <summary>What the data set is called in logs.</summary>
    public string Name { get; }

    /// <summary>Class names, by label.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>The labelled pictures.</summary>
    public IReadOnlyList<Sample> Samples { get; }

    /// <summary>Loads the pictures.</summary>
    public IImageSource Source { get; }

    /// <summary>How many pictures.</summary>
    public int Count => Samples.Count;

    /// <summary>How many pictures each class has, by label.</summary>
    public IReadOnlyList<int> CountsPerClass => _counts;

    /// <summary>
    /// A set whose picture i is made by <paramref name="load"/>(i); samples are named "name/class/i".
    /// </summary>
    public static ImageDataset FromMemory(
        string name, IReadOnlyList<string> classes, IReadOnlyList<int> labels, Func<int, RgbImage> load)
    {
        ArgumentNullException.ThrowIfNull(classes);
        ArgumentNullException.ThrowIfNull(labels);
        var samples = new Sample[labels.Count];
        for (int i = 0; i < samples.Length; i++)
        {
            string of = (uint)labels[i] < (uint)classes.Count ? classes[labels[i]] : "?";
            samples[i] = new Sample($"{name}/{of}/{i}", labels[i]);
        }

        return new ImageDataset(name, classes, samples, new MemoryImageSource(load));
    }

    /// <summary>The picture of sample <paramref name="index"/>.</summary>
    public RgbImage Load(int index) => Source.Load(index, Samples[index]);

    /// <summary>
    /// The same set, keeping decoded pictures in memory up to <paramref name="budget"/> bytes: worth it when the set is
    /// small enough to fit and read many times.
    /// </summary>
    public ImageDataset Cached(long budget = CachedImageSource.DefaultBudget) =>
        budget == 0 || Source is PackedPictures
            ? this : new(Name, Classes, Samples, new CachedImageSource(Source, Count, budget));

    /// <summary>The samples at <paramref name="indices"/>, in that order, with the same classes.</summary>
    public ImageDataset Subset(string name, IReadOnlyList<int> indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        Sample[] samples = indices.Select(i => Samples[i]).ToArray();
        IImageSource source = Source is FileImageSource
            ? Source : new MemoryImageSource(i => Source.Load(indices[i], Samples[indices[i]]));
        return new ImageDataset(name, Classes, samples, source);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Count} images, {Classes.Count} classes";
}
