using VisionMamba.Cli;
using VisionMamba.Data.Images;

namespace VisionMamba.Tests.Data;

/// <summary>svp data preview, from flags to the PNG.</summary>
public sealed class DataPreviewTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public DataPreviewTests()
    {
        foreach (string name in new[] { "train/a/1", "train/a/2", "train/b/1", "train/b/2", "val/a/1", "val/b/1" })
            ImageWriter.WritePng(_folder.At(name + ".png"), TestPictures.Noise(30, 20, (ulong)name.Length));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task WritesOneRowAPictureAndOneOfMixtures()
    {
        RgbImage plain = await Sheet("plain.png");
        string[] recipe =
            ["--mixup", "0.8", "--aa", "rand-m9-mstd0.5-inc1", "--reprob", "1", "--remode", "pixel", "--hflip", "0.3"];
        RgbImage mixed = await Sheet("mixed.png", recipe);
        Assert.Equal(plain.Width, mixed.Width);
        Assert.InRange(mixed.Height / (double)plain.Height, 1.4, 1.6); // 3 rows for 2
        Assert.Equal(mixed.Pixels, (await Sheet("again.png", recipe)).Pixels);
    }

    [Theory]
    [InlineData("--aa", "rand-k3")]
    [InlineData("--remode", "purple")]
    [InlineData("--cutmix-minmax", "0.5")]
    [InlineData("--count", "0")]
    public async Task BadUsageWritesNothing(params string[] flags)
    {
        string[] command = ["data", "preview", "--data", _folder.Path, "--output", _folder.At("x.png"), .. flags];
        Assert.Equal(2, await App.RunAsync(command));
        Assert.False(File.Exists(_folder.At("x.png")));
    }

    [Fact]
    public async Task ABadImageIsLeftOutWhereItIsAskedFor()
    {
        RgbImage good = await Sheet("good.png");
        _folder.Write("train/b/3.png", "no picture");
        string[] all = ["--count", "5"];
        Assert.Equal(1, await App.RunAsync(Command("bad.png", all)));
        RgbImage left = await Sheet("left.png", [.. all, "--on-bad-image", "skip"]);
        // 4 rows for 2.
        Assert.InRange(left.Height / (double)good.Height, 1.9, 2.1);
    }

    private async Task<RgbImage> Sheet(string name, params string[] flags)
    {
        Assert.Equal(0, await App.RunAsync(Command(name, flags)));
        return ImageDecoder.Decode(_folder.At(name));
    }

    private string[] Command(string name, string[] flags) =>
    [
        "data", "preview", "--data", _folder.Path, "--output", _folder.At(name), "--samples", "3", "--image-size", "24",
        .. flags.Contains("--count") ? [] : (string[])["--count", "2"], .. flags,
    ];
}
