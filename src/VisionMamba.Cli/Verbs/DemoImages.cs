using VisionMamba.Data.Datasets;
using VisionMamba.Data.Images;
using VisionMamba.Data.Procedural;
using VisionMamba.Tensors;

namespace VisionMamba.Cli.Verbs;

/// <summary>
/// The demonstration's rendered pictures as data sets. Train and test pictures come from different streams.
/// </summary>
internal static class DemoImages
{
    private const int Size = 48;

    /// <summary>A set of <paramref name="perClass"/> pictures a class, rendered when they are read.</summary>
    public static ImageDataset Create(
        string name, IReadOnlyList<string> classes, int perClass, ulong seed, ulong stream)
    {
        int[] labels = [.. Enumerable.Range(0, classes.Count * perClass).Select(i => i / perClass)];
        var rng = new Rng(seed, stream);
        return ImageDataset.FromMemory(
            name, classes, labels, i => ShapePictures.Render(classes[labels[i]], Size, rng.Derive((ulong)i)));
    }

    /// <summary>
    /// Writes the pictures that the shipped backbone was pre-trained on, one folder a class under train/ and val/.
    /// </summary>
    public static void WriteFolders(string folder, int trainPerClass, int validationPerClass)
    {
        (string, int, ulong)[] splits = [("train", trainPerClass, 1UL), ("val", validationPerClass, 2UL)];
        foreach ((string split, int count, ulong stream) in splits)
        {
            ImageDataset set = Create(split, ShapePictures.PretrainClasses, count, seed: 0, stream);
            Parallel.For(0, set.Count, i => ImageWriter.WritePng(
                Path.Combine(folder, split, set.Classes[set.Samples[i].Label], $"{i % count:D4}.png"), set.Load(i)));
        }
    }
}
