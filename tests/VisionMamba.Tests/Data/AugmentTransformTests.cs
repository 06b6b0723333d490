using System.Text.Json.Nodes;
using VisionMamba.Data;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Augment.Operations;
using VisionMamba.Data.Datasets;
using VisionMamba.Data.Images;
using VisionMamba.Tensors;
using VisionMamba.Training;

namespace VisionMamba.Tests.Data;

/// <summary>The whole training transform: crops, erasing, options.</summary>
public class AugmentTransformTests
{
    private static readonly AugmentOptions s_recipe = new()
    {
        AutoAugment = "rand-m9-mstd0.5-inc1",
        Interpolation = TrainInterpolation.Random,
        EraseProbability = 0.5,
        EraseMode = EraseMode.Pixel,
        EraseCount = 2,
        Mixup = 0.8,
        Cutmix = 1,
        CutmixRange = new CutmixRange(0.1, 0.9),
        ColorJitter = 0.3,
        HueJitter = 0.1,
        VerticalFlip = 0.25,
        MixMode = MixMode.Elem,
    };

    [Fact]
    public void DefaultOptionsChangeNoBit()
    {
        var plain = new TrainTransform(Preprocessing.ImageNet(24), new CropRange(MinScale: 0.3));
        var options = new TrainTransform(Preprocessing.ImageNet(24), new AugmentOptions(), 0.3);
        RgbImage image = TestPictures.Noise(40, 31, 1);
        for (ulong i = 0; i < 30; i++)
            Assert.Equal(plain.Augmented(image, new Rng(2, i)).Pixels, options.Augmented(image, new Rng(2, i)).Pixels);
    }

    [Fact]
    public void TheNumberOfWorkersChangesNoBit()
    {
        ImageDataset data = ImageDataset.FromMemory(
            "noise", ["a", "b"], [.. Enumerable.Range(0, 12).Select(i => i % 2)],
            i => TestPictures.Noise(30 + i, 40 - i, (ulong)i));
        var transform = new TrainTransform(Preprocessing.ImageNet(16), s_recipe, 0.08);
        float[] Epoch(int workers)
        {
            using var loader = new BatchLoader(data, transform, 4, 7, workers, shuffle: true, dropLast: true);
            return [.. loader.Epoch(1).SelectMany(batch => batch.Input.ToArray())];
        }

        Assert.Equal(Epoch(1), Epoch(3));
    }

    [Fact]
    public void OptionsSurviveJson()
    {
        JsonObject json = OptionsJson.Write(s_recipe);
        Assert.Equal(s_recipe, OptionsJson.ReadAugment(json));
        Assert.Equal("Elem", (string)json["MixMode"]!);
        Assert.Equal(new AugmentOptions(), OptionsJson.ReadAugment([]));
        // What a file of an older version lacks has its default, beside what it has.
        Assert.Equal(
            new AugmentOptions { Mixup = 0.25 }, OptionsJson.ReadAugment(new JsonObject { ["Mixup"] = 0.25 }));
        var options = new TrainingOptions { Epochs = 7, Augment = s_recipe };
        TrainingOptions read = OptionsJson.Read(OptionsJson.Write(options));
        Assert.Equal(OptionsJson.Write(options).ToJsonString(), OptionsJson.Write(read).ToJsonString());
        Assert.Equal((7, s_recipe), (read.Epochs, read.Augment));
    }

    public static TheoryData<string, AugmentOptions> Faults => new()
    {
        { "--aa", new AugmentOptions { AutoAugment = "rand-z9" } },
        { "--reprob", new AugmentOptions { EraseProbability = 1.5 } },
        { "--recount", new AugmentOptions { EraseCount = 0 } },
        { "--mixup", new AugmentOptions { Mixup = -1 } },
        { "--cutmix", new AugmentOptions { Cutmix = double.NaN } },
        { "--cutmix-minmax", new AugmentOptions { CutmixRange = new CutmixRange(0.8, 0.2) } },
        { "--cutmix-minmax", new AugmentOptions { CutmixRange = new CutmixRange(0.2, 1.2) } },
        { "--mixup-prob", new AugmentOptions { MixProbability = -0.1 } },
        { "--mixup-switch-prob", new AugmentOptions { MixSwitchProbability = 2 } },
        { "--hflip", new AugmentOptions { HorizontalFlip = double.NaN } },
        { "--color-jitter", new AugmentOptions { ColorJitter = -0.4 } },
        { "--hue-jitter", new AugmentOptions { HueJitter = 0.6 } },
        { "--three-augment", new AugmentOptions { ThreeAugment = true, AutoAugment = "v0" } },
        { "--small-crop", new AugmentOptions { SmallCrop = true, SimpleCrop = true } },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void AFaultNamesItsFlag(string flag, AugmentOptions options)
    {
        var e = Assert.Throws<VisionMambaException>(options.Validate);
        Assert.StartsWith(flag + (flag == "--aa" ? " " : ":"), e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheJitterRestsBesideAPolicy()
    {
        RgbImage image = TestPictures.Noise(16, 16, 3);
        TrainTransform Make(string policy, double jitter) => new(
            Preprocessing.ImageNet(16), new AugmentOptions { AutoAugment = policy, ColorJitter = jitter }, 1);
        int changed = 0;
        for (ulong i = 0; i < 10; i++)
        {
            var rng = new Rng(1, i);
            byte[] Result(string policy, double jitter) => Make(policy, jitter).Augmented(image, rng).Pixels;
            Assert.Equal(Result("rand-m5", 0), Result("rand-m5", 0.4));
            changed += Result("none", 0).SequenceEqual(Result("none", 0.4)) ? 0 : 1;
        }

        Assert.Equal(10, changed);
    }

    [Fact]
    public void SimpleCropReflectsFourPixels()
    {
        // The shorter side is the input's already, so every pixel comes from the picture or its reflection.
        RgbImage image = TestPictures.Noise(20, 12, 6);
        static int Reflect(int at, int side) => at < 0 ? -at : at >= side ? 2 * (side - 1) - at : at;
        var places = new HashSet<(int, int)>();
        for (ulong i = 0; i < 400; i++)
        {
            RgbImage crop = PaddedCrop.Simple(image, 12, Interpolation.Bicubic, new Rng(1, i));
            places.Add(Corner(
                crop, (x, y) => image.Row(Reflect(y, 12)).Slice(Reflect(x, 20) * 3, 3).ToArray()));
        }

        Assert.Equal(9, places.Select(p => p.Item2).Distinct().Count());
        Assert.Equal(17, places.Select(p => p.Item1).Distinct().Count());
    }

    [Fact]
    public void SmallCropAddsFourBlackPixels()
    {
        RgbImage image = TestPictures.Noise(12, 12, 7);
        var places = new HashSet<(int, int)>();
        for (ulong i = 0; i < 1500; i++)
        {
            RgbImage crop = PaddedCrop.Small(image, 12, new Rng(1, i));
            places.Add(Corner(crop, (x, y) => x is < 0 or > 11 || y is < 0 or > 11
                ? [0, 0, 0] : image.Row(y).Slice(x * 3, 3).ToArray()));
        }

        Assert.Equal(81, places.Count);
        Assert.Throws<VisionMambaException>(() => PaddedCrop.Small(image, 32, default));
        Assert.Throws<VisionMambaException>(
            () => new TrainTransform(Preprocessing.ImageNet(64), new AugmentOptions { SmallCrop = true }, 1));
    }

    [Fact]
    public void ThreeAugmentIsOneOfThree()
    {
        RgbImage image = TestPictures.Noise(8, 8, 8);
        byte[] grey = TestPictures.Copy(image).Pixels;
        Luma.Grey(grey, grey);
        byte[] solarised = Tables.Solarize(TestPictures.Copy(image), 128).Pixels;
        int greys = 0, solarisations = 0;
        for (ulong i = 0; i < 900; i++)
        {
            byte[] result = new ThreeAugment().Apply(TestPictures.Copy(image), new Rng(1, i)).Pixels;
            greys += result.SequenceEqual(grey) ? 1 : 0;
            solarisations += result.SequenceEqual(solarised) ? 1 : 0;
        }

        Assert.InRange(greys, 250, 350);
        Assert.InRange(solarisations, 250, 350);
    }

    // The one place in the padded picture from which the crop can come.
    private static (int Left, int Top) Corner(RgbImage crop, Func<int, int, byte[]> pixel)
    {
        for (int top = -4; top <= 4; top++)
            for (int left = -4; left <= 12; left++)
                if (Enumerable.Range(0, crop.Width * crop.Height).All(i => crop.Row(i / crop.Width)
                    .Slice(i % crop.Width * 3, 3).SequenceEqual(pixel(left + i % crop.Width, top + i / crop.Width))))
                    return (left, top);
        throw new InvalidOperationException("the crop is not a part of the padded picture");
    }
}
