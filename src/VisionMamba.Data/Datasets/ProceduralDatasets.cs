using VisionMamba.Data.Images;
using VisionMamba.Data.Procedural.Tasks;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Datasets;

/// <summary>
/// The structured tasks as data sets without files: VTAB-1k's sizes unless <see cref="DatasetOptions.Sample"/> says
/// otherwise. The seed decides the training and validation pictures; the test pictures are always the same, so that
/// runs with different seeds are measured on the same ones.
/// </summary>
public static class ProceduralDatasets
{
    /// <summary>What the names of these data sets begin with.</summary>
    public const string Prefix = "procedural-";

    internal const int StandardSize = 64, LeastSize = 16;
    private const int TestCount = 2000;
    private const ulong Stream = 0x5CE4E, TestSeed = 0x7E57;

    /// <summary>Whether the data set is rendered, so that it has no folder.</summary>
    public static bool Has(string? name) => name?.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) == true;

    internal static DatasetParts Read(StructuredTask task, DatasetOptions options)
    {
        options.Check();
        SampleSizes sizes = options.Sample ?? SampleSizes.Vtab;
        int side = options.RenderSize ?? StandardSize;
        ulong stream = Stream + (ulong)StructuredTask.All.ToList().IndexOf(task);
        var drawn = new Rng(options.Seed, stream);
        var source = new RenderedSource(
            task, side, [drawn.Derive(1), drawn.Derive(2), new Rng(TestSeed, stream).Derive(3)]);
        DatasetPart Part(int part, string name, int count) => new(
            $"rendered {side} x {side}, {(part == 2 ? "the same for every seed" : $"seed {options.Seed}")}",
            [.. Enumerable.Range(0, count).Select(i => new RenderedSample(
                $"{Prefix}{task.Name}/{name}/{i}", i % task.Classes.Count, i % task.Classes.Count, part, i))],
            source);
        return new DatasetParts(Prefix + task.Name, task.Classes, Part(0, "train", sizes.Train))
        {
            Validation = Part(1, "validation", sizes.Validation),
            Test = Part(2, "test", options.MaxTest ?? TestCount),
            Sampled = true,
        }.Limited(options);
    }

    /// <summary>A picture that is rendered when it is read; its answer stays when classes are left out.</summary>
    private sealed record RenderedSample(string Path, int Label, int Answer, int Part, int Number)
        : Sample(Path, Label);

    private sealed class RenderedSource(StructuredTask task, int side, Rng[] parts) : IImageSource
    {
        public RgbImage Load(int index, Sample sample)
        {
            var rendered = (RenderedSample)sample;
            return task.Render(rendered.Answer, side, parts[rendered.Part].Derive((ulong)rendered.Number));
        }
    }
}
