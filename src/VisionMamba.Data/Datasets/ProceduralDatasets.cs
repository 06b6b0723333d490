using VisionMamba.Data.Procedural;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Datasets;

/// <summary>The rendered tasks as data sets that need no files: procedural-count and its like.</summary>
public static class ProceduralDatasets
{
    /// <summary>What the names of these data sets begin with.</summary>
    public const string Prefix = "procedural-";

    private const int Side = 64, TrainCount = 800, ValidationCount = 200, TestCount = 1000;
    private const ulong Stream = 0x57A7;

    /// <summary>Whether the data set is rendered, so that it has no folder.</summary>
    public static bool Has(string? name) => name?.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>
    /// 800 training, 200 validation and 1000 test pictures of 64 px, equal for equal seeds; classes take turns.
    /// </summary>
    internal static DatasetParts Read(string task, DatasetOptions options)
    {
        IReadOnlyList<string> classes = StructuredPictures.Classes(task);
        string name = Prefix + task;
        // One source for all parts, so that training and validation pictures can be trained on together.
        var source = new RenderedPictures(task, classes.Count, new Rng(options.Seed, Stream));
        return new DatasetParts(name, classes, Part("train", 0, TrainCount))
        {
            Validation = Part("validation", TrainCount, ValidationCount),
            Test = Part("test", TrainCount + ValidationCount, TestCount),
        }.Limited(options);

        DatasetPart Part(string part, int first, int count) => new(
            $"rendered, seed {options.Seed}",
            [.. Enumerable.Range(0, count).Select(i => new PackedSample(
                $"{name}/{part}/{i}", i % classes.Count, first + i))], source);
    }

    private sealed class RenderedPictures(string task, int classes, Rng rng) : IImageSource
    {
        public Images.RgbImage Load(int index, Sample sample) => StructuredPictures.Render(
            task, ClassOf((PackedSample)sample), Side, rng.Derive((ulong)((PackedSample)sample).Record));

        // By its number, since a label changes where only some classes are wanted.
        private int ClassOf(PackedSample sample) => PartIndex(sample.Record) % classes;

        private static int PartIndex(int record) => record < TrainCount ? record
            : record < TrainCount + ValidationCount ? record - TrainCount : record - TrainCount - ValidationCount;
    }
}
