using CsCheck;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Tests.Data;

public class ResamplerTests
{
    private static readonly Gen<(int W, int H, int ToW, int ToH, int Seed, bool Cubic)> Cases =
        Gen.Select(Gen.Int[1, 70], Gen.Int[1, 70], Gen.Int[1, 70], Gen.Int[1, 70], Gen.Int[0, 1000], Gen.Bool);

    [Fact]
    public void EqualsTheScalarDefinition() => Cases.Sample(c =>
    {
        RgbImage image = Noise(c.W, c.H, c.Seed);
        Interpolation filter = c.Cubic ? Interpolation.Bicubic : Interpolation.Bilinear;
        RgbImage actual = Resampler.Resize(image, c.ToW, c.ToH, filter);
        return actual.Pixels.AsSpan().SequenceEqual(Scalar(image, c.ToW, c.ToH, filter).Pixels);
    }, iter: 200);

    [Fact]
    public void TheSameSizeIsACopy() => Cases.Sample(c =>
    {
        RgbImage image = Noise(c.W, c.H, c.Seed);
        RgbImage same = Resampler.Resize(image, c.W, c.H, Interpolation.Bicubic);
        return !ReferenceEquals(image.Pixels, same.Pixels) && image.Pixels.AsSpan().SequenceEqual(same.Pixels);
    }, iter: 50);

    [Fact]
    public void AConstantStaysConstant() => Cases.Sample(c =>
    {
        var image = new RgbImage(c.W, c.H);
        Array.Fill(image.Pixels, (byte)(c.Seed % 256));
        return Resampler.Resize(image, c.ToW, c.ToH, c.Cubic ? Interpolation.Bicubic : Interpolation.Bilinear)
            .Pixels.All(v => v == c.Seed % 256);
    }, iter: 100);

    [Fact]
    public void AWindowIsACropOfTheWhole() => Cases.Sample(c =>
    {
        RgbImage image = Noise(c.W, c.H, c.Seed);
        var rng = new Rng((ulong)c.Seed, 5);
        int sw = 1 + rng.Below(0, c.W), sh = 1 + rng.Below(1, c.H);
        int w = 1 + rng.Below(2, c.ToW), h = 1 + rng.Below(3, c.ToH);
        var source = new PixelBox(rng.Below(4, c.W - sw + 1), rng.Below(5, c.H - sh + 1), sw, sh);
        var window = new PixelBox(rng.Below(6, c.ToW - w + 1), rng.Below(7, c.ToH - h + 1), w, h);
        RgbImage expected = Resampler
            .Resize(image.Crop(source.Left, source.Top, sw, sh), c.ToW, c.ToH, Interpolation.Bicubic)
            .Crop(window.Left, window.Top, w, h);
        RgbImage actual = Resampler.Resize(image, source, c.ToW, c.ToH, window, Interpolation.Bicubic);
        return expected.Pixels.AsSpan().SequenceEqual(actual.Pixels);
    }, iter: 200);

    [Theory]
    [InlineData(0, 5)]
    [InlineData(5, -1)]
    [InlineData(100_000, 100_000)]
    public void ImpossibleTargetsAreRefused(int width, int height) =>
        Assert.Throws<ArgumentException>(
            () => Resampler.Resize(new RgbImage(3, 3), width, height, Interpolation.Bilinear));

    [Theory]
    [InlineData(-1, 0, 2, 2)]
    [InlineData(0, 0, 4, 3)]
    [InlineData(2, 0, 2, 3)]
    [InlineData(double.NaN, 0, 2, 3)]
    public void ImpossibleBoxesAreRefused(double left, double top, double right, double bottom) =>
        Assert.Throws<ArgumentException>(() => Resampler.Resize(
            new RgbImage(3, 3), 2, 2, Interpolation.Bilinear, (left, top, right, bottom)));

    [Theory]
    [InlineData(400, 300, 341, 256)] // int(256 * 400 / 300)
    [InlineData(333, 500, 256, 384)]
    [InlineData(256, 256, 256, 256)]
    public void TheLongerSideIsCutDownAsTorchvisionDoes(int width, int height, int toWidth, int toHeight)
    {
        RgbImage image = Noise(width, height, 3);
        RgbImage whole = Resampler.Resize(image, toWidth, toHeight, Interpolation.Bicubic);
        int left = (int)Math.Round((toWidth - 224) / 2.0), top = (int)Math.Round((toHeight - 224) / 2.0);
        Assert.Equal(whole.Crop(left, top, 224, 224).Pixels,
            new EvalTransform(Preprocessing.ImageNet()).Crop(image).Pixels);
    }

    // The definition, one output at a time: weights in double, 22-bit fixed point, each pass rounded to bytes.
    private static RgbImage Scalar(RgbImage image, int width, int height, Interpolation filter)
    {
        var across = new RgbImage(width, image.Height);
        for (int y = 0; y < image.Height; y++)
            for (int x = 0; x < width; x++)
                for (int c = 0; c < 3; c++)
                    across.Row(y)[x * 3 + c] = Tap(image.Width, width, x, filter, i => image.Row(y)[i * 3 + c]);
        var result = new RgbImage(width, height);
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                for (int c = 0; c < 3; c++)
                    result.Row(y)[x * 3 + c] = Tap(image.Height, height, y, filter, i => across.Row(i)[x * 3 + c]);
        return result;
    }

    private static byte Tap(int inputs, int outputs, int at, Interpolation filter, Func<int, byte> input)
    {
        double scale = (double)inputs / outputs, stretch = Math.Max(1, scale);
        double radius = stretch * (filter == Interpolation.Bicubic ? 2 : 1), center = (at + 0.5) * scale;
        int from = (int)Math.Max(0, Math.Floor(center - radius + 0.5));
        int to = (int)Math.Min(inputs, Math.Floor(center + radius + 0.5));
        double[] weights =
            [.. Enumerable.Range(from, to - from).Select(i => Kernel((i - center + 0.5) / stretch, filter))];
        double sum = weights.Sum();
        long total = 1L << 21;
        for (int i = from; i < to; i++)
            total += input(i) * (long)Math.Round(weights[i - from] / sum * (1 << 22), MidpointRounding.AwayFromZero);
        return (byte)Math.Clamp(total >> 22, 0, 255);
    }

    private static double Kernel(double x, Interpolation filter)
    {
        x = Math.Abs(x);
        if (filter == Interpolation.Bilinear)
            return Math.Max(0, 1 - x);
        return x < 1 ? 1.5 * x * x * x - 2.5 * x * x + 1 : x < 2 ? -0.5 * (x * x * x - 5 * x * x + 8 * x - 4) : 0;
    }

    private static RgbImage Noise(int width, int height, int seed)
    {
        var image = new RgbImage(width, height);
        var rng = new Rng((ulong)seed, 1);
        for (int i = 0; i < image.Pixels.Length; i++)
            image.Pixels[i] = (byte)rng.Bits((ulong)i);
        return image;
    }
}
