using VisionMamba.Data.Datasets;
using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Augment;

/// <summary>
/// Contact sheets of augmented pictures: sample e of a picture is what a run with that seed sees in epoch e. The last
/// row shows a mixed batch where <see cref="AugmentOptions.Mixes"/>.
/// </summary>
public sealed class AugmentPreview
{
    private const ulong ChoiceStream = 0x5EE7;
    private readonly Preprocessing _preprocessing;
    private readonly AugmentOptions _options;
    private readonly TrainTransform _transform;
    private readonly ulong _seed;

    /// <summary>For one seed; <paramref name="cropScale"/> as for <see cref="TrainTransform"/>.</summary>
    public AugmentPreview(Preprocessing preprocessing, AugmentOptions options, double cropScale, ulong seed)
    {
        _transform = new TrainTransform(preprocessing, options, cropScale);
        (_preprocessing, _options, _seed) = (preprocessing, options, seed);
    }

    /// <summary>
    /// Rows of <paramref name="samples"/> + 1: each of <paramref name="pictures"/> sources with its samples, then the
    /// mixed batch.
    /// </summary>
    public IReadOnlyList<SheetItem> Rows(ImageDataset data, int pictures, int samples)
    {
        ArgumentNullException.ThrowIfNull(data);
        int[] order = new Rng(_seed, ChoiceStream).Permutation(data.Count);
        var items = new List<SheetItem>();
        foreach (int index in order.Take(pictures))
        {
            RgbImage image = data.Load(index);
            string name = data.Classes[data.Samples[index].Label];
            items.Add(new SheetItem(image, $"{name}\n{image.Width} x {image.Height}", null));
            for (int epoch = 0; epoch < samples; epoch++)
                items.Add(new SheetItem(Shown(Input(image, epoch, index)), $"epoch {epoch + 1}", null));
        }

        if (_options.Mixes)
            items.AddRange(Mixed(data, [.. Enumerable.Range(0, samples + 1).Select(i => order[i % order.Length])]));
        return items;
    }

    private IEnumerable<SheetItem> Mixed(ImageDataset data, int[] indices)
    {
        int size = _preprocessing.Size;
        float[] pixels = [.. indices.SelectMany(index => Input(data.Load(index), 0, index))];
        int[] labels = [.. indices.Select(index => data.Samples[index].Label)];
        var batch = new ImageBatch(pixels, size, indices, labels, [.. indices.Select(i => data.Samples[i].Path)]);
        int classes = data.Classes.Count;
        float[] targets = new BatchMixer(_options, classes, 0).Mix(batch, new Rng(_seed, BatchMixer.Stream).Derive(0));
        for (int i = 0; i < indices.Length; i++)
        {
            float[] target = targets[(i * classes)..((i + 1) * classes)];
            var parts = target.Select((share, c) => (share, c)).Where(t => t.share > 0).OrderByDescending(t => t.share);
            string caption = string.Join('\n', parts.Select(t => FormattableString.Invariant(
                $"{t.share:F2} {data.Classes[t.c]}")));
            yield return new SheetItem(
                Shown(pixels[(i * 3 * size * size)..((i + 1) * 3 * size * size)]), caption, true);
        }
    }

    private float[] Input(RgbImage image, int epoch, int index)
    {
        float[] input = new float[3 * _preprocessing.Size * _preprocessing.Size];
        Rng rng = new Rng(_seed, BatchLoader.AugmentStream).Derive((ulong)epoch).Derive((ulong)index);
        _transform.Apply(image, rng, input);
        return input;
    }

    // Back to bytes; noise from erasing is cut to their range.
    private RgbImage Shown(float[] input)
    {
        int size = _preprocessing.Size, plane = size * size;
        var image = new RgbImage(size, size);
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < plane; i++)
                image.Pixels[i * 3 + c] = (byte)Math.Clamp(
                    MathF.Round((input[c * plane + i] * _preprocessing.Std[c] + _preprocessing.Mean[c]) * 255), 0, 255);
        return image;
    }
}
