using VisionMamba.Cli;
using VisionMamba.Data.Images;

namespace VisionMamba.Tests.Data;

/// <summary>svp data preview, from flags to the PNG.</summary>
public sealed class DataPreviewTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public DataPreviewTests()
    {
        foreach (string name in new[] { "train/a/1.png", "train/a/2.png", "train/b/1.png", "train/b/2.png", "val/a/1.png", "val/b/1.png" })
            ImageWriter.WritePng(_folder.At(name), TestPictures.Noise(30, 20, (ulong)name.Length));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task WritesOneRowAPictureAndOneOfMixtures()
    {
        RgbImage plain = await Sheet("plain.png");
        RgbImage mixed = await Sheet("mixed.png", "--mixup", "0.8", "--aa", "rand-m9-mstd0.5-inc1", "--reprob", "1", "--remode", "pixel");
        Assert.Equal(plain.Width, mixed.Width);
        Assert.InRange(mixed.Height / (double)plain.Height, 1.4, 1.6); // 3 rows for 2
        Assert.Equal(mixed.Pixels, (await Sheet("again.png", "--mixup", "0.8", "--aa", "rand-m9-mstd0.5-inc1", "--reprob", "1",
            "--remode", "pixel")).Pixels);
    }

    [Theory]
    [InlineData("--aa", "rand-k3")]
    [InlineData("--remode", "purple")]
    [InlineData("--cutmix-minmax", "0.5")]
    [InlineData("--count", "0")]
    public async Task BadUsageWritesNothing(params string[] flags)
    {
        Assert.Equal(2, await App.RunAsync(["data", "preview", "--data", _folder.Path, "--output", _folder.At("x.png"), .. flags]));
        Assert.False(File.Exists(_folder.At("x.png")));
    }

    private async Task<RgbImage> Sheet(string name, params string[] flags)
    {
        string[] command = ["data", "preview", "--data", _folder.Path, "--output", _folder.At(name), "--count", "2",
            "--samples", "3", "--image-size", "24", .. flags];
        Assert.Equal(0, await App.RunAsync(command));
        return ImageDecoder.Decode(_folder.At(name));
    }
}
