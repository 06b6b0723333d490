namespace VisionMamba.Data.Datasets;

/// <summary>One part of a data set as its own files give it.</summary>
/// <param name="Told">What the part is, for descriptions: a file or a folder.</param>
/// <param name="Samples">Its pictures in the files' order.</param>
/// <param name="Source">Loads them; null for image files.</param>
internal sealed record DatasetPart(string Told, IReadOnlyList<Sample> Samples, IImageSource? Source = null)
{
    public DatasetPart Relabelled(int[] labels) => this with
    {
        Samples = Samples.Where(s => labels[s.Label] >= 0).Select(s => s with { Label = labels[s.Label] }).ToList(),
    };

    public ImageDataset ToSet(string name, IReadOnlyList<string> classes) => new(name, classes, Samples, Source);
}

/// <summary>How a training list is cut where only its first share is trained on.</summary>
internal enum CutOrder
{
    /// <summary>Shuffled by seed first: the list is sorted by class.</summary>
    Shuffled,

    /// <summary>As the file has it.</summary>
    AsListed,
}
