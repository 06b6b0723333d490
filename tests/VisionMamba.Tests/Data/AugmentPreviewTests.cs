using VisionMamba.Data;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Datasets;
using VisionMamba.Data.Images;

namespace VisionMamba.Tests.Data;

/// <summary>svp data preview shows what a run with its seed sees.</summary>
public sealed class AugmentPreviewTests
{
    private const int Images = 7, Samples = 3;
    private const double CropScale = 0.3;
    private const ulong Seed = 11;
    private static readonly Preprocessing s_preprocessing = Preprocessing.ImageNet(24);

    [Fact]
    public void SampleEOfAnImageIsWhatTheLoaderGivesInEpochE()
    {
        var options = new AugmentOptions
        {
            AutoAugment = "rand-m9-mstd0.5-inc1",
            Interpolation = TrainInterpolation.Random,
            VerticalFlip = 0.3,
            EraseProbability = 0.5,
            Mixup = 0.8,
        };
        ImageDataset data = ImageDataset.FromMemory(
            "noise", ["a", "b"], [.. Enumerable.Range(0, Images).Select(i => i % 2)],
            i => TestPictures.Noise(30, 20 + i, (ulong)i));
        IReadOnlyList<SheetItem> shown = new AugmentPreview(s_preprocessing, options, CropScale, Seed)
            .Rows(data, Images, Samples);
        Dictionary<(int Index, int Epoch), byte[]> seen = Loaded(data, options);

        var indices = new HashSet<int>();
        for (int row = 0; row < Images; row++)
        {
            int at = row * (Samples + 1);
            // Every image has a height of its own.
            int index = shown[at].Image.Height - 20;
            Assert.True(indices.Add(index));
            Assert.Equal(data.Load(index).Pixels, shown[at].Image.Pixels);
            for (int epoch = 0; epoch < Samples; epoch++)
                Assert.Equal(seen[(index, epoch)], shown[at + 1 + epoch].Image.Pixels);
        }

        Assert.Equal(Images * Samples, seen.Values.Select(Convert.ToHexString).Distinct().Count());
    }

    /// <summary>The loader's inputs as pictures: normalisation undone, rounded.</summary>
    private static Dictionary<(int Index, int Epoch), byte[]> Loaded(ImageDataset data, AugmentOptions options)
    {
        var seen = new Dictionary<(int Index, int Epoch), byte[]>();
        // As the trainer makes it.
        using var loader = new BatchLoader(
            data, new TrainTransform(s_preprocessing, options, CropScale), 3, Seed, workers: 2, shuffle: true,
            dropLast: false);
        for (int epoch = 0; epoch < Samples; epoch++)
        {
            foreach (ImageBatch batch in loader.Epoch(epoch))
            {
                for (int i = 0; i < batch.Count; i++)
                {
                    int numbers = 3 * batch.Size * batch.Size;
                    seen[(batch.Indices[i], epoch)] = Bytes(batch.Input.Slice(i * numbers, numbers));
                }
            }
        }

        return seen;
    }

    private static byte[] Bytes(ReadOnlySpan<float> input)
    {
        int plane = input.Length / 3;
        byte[] pixels = new byte[input.Length];
        for (int i = 0; i < input.Length; i++)
        {
            int channel = i / plane;
            double value = (input[i] * (double)s_preprocessing.Std[channel]) + s_preprocessing.Mean[channel];
            pixels[(i % plane * 3) + channel] = (byte)Math.Round(255 * value);
        }

        return pixels;
    }
}
