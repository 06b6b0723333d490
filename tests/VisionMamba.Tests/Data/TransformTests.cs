using CsCheck;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Tests.Data;

public class TransformTests
{
    [Theory]
    [InlineData(224, 0.875, 256)]
    [InlineData(64, 0.875, 73)]
    [InlineData(64, 1.0, 64)]
    [InlineData(224, 0.9, 248)]
    public void ResizeIsTheFloorOfSizeByCropFraction(int size, double fraction, int expected) =>
        Assert.Equal(expected, (Preprocessing.ImageNet(size) with { CropFraction = fraction }).Resize);

    [Theory]
    [InlineData(0)]
    [InlineData(1.01)]
    [InlineData(double.NaN)]
    public void AnImpossibleCropFractionIsRefused(double fraction) => Assert.Throws<VisionMambaException>(
        () => new EvalTransform(Preprocessing.ImageNet() with { CropFraction = fraction }));

    [Fact]
    public void NormalisesToChannelsFirst()
    {
        var image = new RgbImage(2, 1, [0, 51, 255, 102, 153, 204]);
        float[] actual = new float[6];
        new Normalizer(new Preprocessing(2, 1, Interpolation.Bicubic, [0.5f, 0.4f, 0.2f], [0.5f, 0.25f, 0.1f]))
            .Apply(image, actual);
        float[] expected = [-1, -0.2f, -0.8f, 0.8f, 8, 6];
        for (int i = 0; i < 6; i++)
            Assert.Equal(expected[i], actual[i], 1e-5f);
    }

    [Fact]
    public void CropsLieInsideAndWithinTheirRanges() => Gen.Select(Gen.Int[1, 300], Gen.Int[1, 300], Gen.ULong)
        .Sample((width, height, seed) =>
        {
            PixelBox box = TrainTransform.Choose(width, height, new CropRange(), new Rng(seed, 0));
            Assert.True(box.Left >= 0 && box.Top >= 0 && box.Width >= 1 && box.Height >= 1);
            Assert.True(box.Left + box.Width <= width && box.Top + box.Height <= height);
            double area = (double)box.Width * box.Height / (width * height), ratio = (double)box.Width / box.Height;
            if (Math.Min(width, height) >= 100 && Math.Max(width, height) < 130)
            {
                Assert.InRange(area, 0.07, 1);
                Assert.InRange(ratio, 0.70, 1.42);
            }
        }, iter: 2000);

    [Theory]
    [InlineData(300, 3, 4, 3, 148, 0)] // far wider than 4:3: the middle, height * 4/3 wide
    [InlineData(3, 300, 3, 4, 0, 148)]
    public void AnImpossibleRatioFallsBackToTheMiddle(int width, int height, int w, int h, int left, int top) =>
        Assert.Equal(new PixelBox(left, top, w, h),
            TrainTransform.Choose(width, height, new CropRange(MinScale: 0.9), new Rng(3, 3)));

    [Fact]
    public void AreaAndPlaceAreSpreadEvenly()
    {
        const int draws = 4000;
        double area = 0, x = 0;
        for (ulong i = 0; i < draws; i++)
        {
            PixelBox box = TrainTransform.Choose(400, 400, new CropRange(0.1, 0.5), new Rng(1, i));
            area += box.Width * box.Height / 160000.0 / draws;
            x += (box.Left + box.Width / 2.0) / 400 / draws;
        }

        Assert.InRange(area, 0.29, 0.31);
        Assert.InRange(x, 0.49, 0.51);
    }

    [Fact]
    public void HalfOfThePicturesAreMirrored()
    {
        var image = new RgbImage(8, 8);
        for (int i = 0; i < image.Pixels.Length; i++)
            image.Pixels[i] = (byte)(i % 24 * 10);
        var transform = new TrainTransform(
            Preprocessing.ImageNet(8) with { CropFraction = 1 }, new CropRange(1, 1, 1, 1));
        int mirrored = 0;
        for (ulong i = 0; i < 1000; i++)
        {
            RgbImage result = transform.Augmented(image, new Rng(5, i));
            bool same = result.Pixels.AsSpan().SequenceEqual(image.Pixels);
            Assert.True(same || result.Pixels.AsSpan().SequenceEqual(image.Mirrored().Pixels));
            mirrored += same ? 0 : 1;
        }

        Assert.InRange(mirrored, 440, 560);
    }

    [Fact]
    public void AugmentationsRunInOrderWithTheirOwnNumbers()
    {
        var log = new List<(string, uint)>();
        var transform = new TrainTransform(
            Preprocessing.ImageNet(4), null, [new Recorder("a", log), new Recorder("b", log)]);
        var image = new RgbImage(6, 6);
        RgbImage result = transform.Augmented(image, new Rng(1, 2));
        Assert.Equal(["a", "b"], log.Select(entry => entry.Item1));
        Assert.NotEqual(log[0].Item2, log[1].Item2);
        Assert.Equal(2, result.Pixels[0]);
        Assert.Equal(0, image.Pixels[0]);
    }

    [Fact]
    public void RangesOutOfOrderAreRefused() => Assert.Throws<VisionMambaException>(
        () => new TrainTransform(Preprocessing.ImageNet(4), new CropRange(MinScale: 0.5, MaxScale: 0.4)));

    private sealed class Recorder(string name, List<(string, uint)> log) : IImageAugmentation
    {
        public RgbImage Apply(RgbImage image, Rng rng)
        {
            log.Add((name, rng.Bits(0)));
            image.Pixels[0]++;
            return image;
        }
    }
}
