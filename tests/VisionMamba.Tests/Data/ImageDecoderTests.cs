using System.Text;
using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Tests.Data;

public class ImageDecoderTests
{
    public static TheoryData<string, string> BadFiles => new()
    {
        { "", "the image file is empty" },
        { "hello, this is text", "not an image of a known format" },
        { "P6\n10 10\n255\nshort", "cut short" },
        { "P6\n10 ", "cut short" },
        { "P6\nten 10\n255\n", "not a number" },
        { "P6\n0 10\n255\n", "no pixels" },
        { "P6\n1000000 1000000\n255\n", "more than the limit" },
        { "P6\n99999999999 10\n255\n", "more than the limit" },
        { "P5\n2 2\n0\nabcd", "not within" },
        { "P5\n2 2\n70000\nabcd", "not within" },
        { "P2\n2 2\n9\n1 2 3 10", "above the header's maximum" },
        { "P2\n2 2\n9\n1 2 3", "cut short" },
        { "P1\n2 2\n1 0 2 0", "not 0 or 1" },
        { "II*\0aaaaaaaaaaaa", "TIFF" },
    };

    [Theory]
    [MemberData(nameof(BadFiles))]
    public void ABadFileGetsOneLine(string content, string says)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(content);
        var error = Assert.Throws<VisionMambaException>(() => ImageDecoder.Decode(bytes, "some/file.img"));
        Assert.StartsWith("some/file.img: ", error.Message);
        Assert.Contains(says, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("photo.jpg")]
    [InlineData("progressive.jpg")]
    [InlineData("cmyk.jpg")]
    [InlineData("rgba.png")]
    [InlineData("palette.png")]
    [InlineData("gray16.png")]
    [InlineData("photo.webp")]
    [InlineData("maxval.ppm")]
    public void ATruncatedFileIsRefused(string name)
    {
        string folder = PreprocessCases.Folders().First();
        byte[] whole = File.ReadAllBytes(Path.Combine(folder, "images", name));
        ImageDecoder.Decode(whole, name);
        int[] lengths = [10, whole.Length / 3, whole.Length * 2 / 3, whole.Length - 40, whole.Length - 24];
        foreach (int length in lengths)
        {
            var error = Assert.Throws<VisionMambaException>(
                () => ImageDecoder.Decode(whole.AsSpan(0, length), name));
            Assert.StartsWith(name + ": ", error.Message);
        }
    }

    [Theory]
    [InlineData("photo.jpg")]
    [InlineData("progressive.jpg")]
    [InlineData("palette.png")]
    [InlineData("gray16.png")]
    [InlineData("photo.webp")]
    [InlineData("maxval.ppm")]
    [InlineData("plain.pgm")]
    public void DamagedBytesGiveAPictureOrOneLine(string name)
    {
        byte[] whole = File.ReadAllBytes(Path.Combine(PreprocessCases.Folders().First(), "images", name));
        int refused = 0;
        for (ulong i = 0; i < 100; i++)
        {
            byte[] damaged = [.. whole];
            var rng = new Rng(i, 77);
            for (ulong k = 0; k < 1 + i % 8; k++)
                damaged[rng.Below(2 * k, whole.Length)] = (byte)rng.Bits(2 * k + 1);
            Exception? error = Record.Exception(() => ImageDecoder.Decode(damaged, name));
            Assert.True(error is null or VisionMambaException, error?.ToString());
            refused += error is null ? 0 : 1;
        }

        Assert.True(refused > 0, "no damage was noticed");
    }

    [Theory]
    [InlineData(2, 3)] // RGB
    [InlineData(4, 2)] // grey and alpha
    [InlineData(6, 4)] // RGBA
    public void SixteenBitColourKeepsTheHighByteAndDropsAlpha(byte colour, int channels)
    {
        byte[][] rows = Rows(5, 7 * channels * 2);
        RgbImage image = ImageDecoder.Decode(PngOracle.Write(7, 5, 16, colour, rows), "deep.png");
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 7; x++)
                for (int c = 0; c < 3; c++)
                    Assert.Equal(rows[y][(x * channels + (channels > 2 ? c : 0)) * 2], image.Row(y)[x * 3 + c]);
    }

    [Theory]
    [InlineData(9, 11)]
    [InlineData(1, 1)]
    [InlineData(3, 20)]
    public void InterlacedSixteenBitGreyIsPutTogether(int width, int height)
    {
        // Which of the 7 passes brings the pixel (x mod 8, y mod 8): the table of the PNG specification.
        string[] passes =
            ["16462646", "77777777", "56565656", "77777777", "36463646", "77777777", "56565656", "77777777"];
        var rng = new Rng(4, 4);
        int[,] values = new int[height, width];
        var rows = new List<byte[]>();
        for (char pass = '1'; pass <= '7'; pass++)
            for (int y = 0; y < height; y++)
            {
                int[] columns = [.. Enumerable.Range(0, width).Where(x => passes[y % 8][x % 8] == pass)];
                foreach (int x in columns)
                    values[y, x] = rng.Below((ulong)(y * width + x), 65536);
                if (columns.Length > 0)
                    rows.Add([.. columns.SelectMany(x => new[] { (byte)(values[y, x] >> 8), (byte)values[y, x] })]);
            }

        RgbImage image = ImageDecoder.Decode(PngOracle.Write(width, height, 16, 0, [.. rows], interlace: 1), "a.png");
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                Assert.Equal((byte)Math.Round(values[y, x] / 257.0), image.Row(y)[x * 3]);
    }

    [Theory]
    [InlineData(8, 2)]
    [InlineData(16, 0)]
    public void ADamagedChecksumIsRefused(byte depth, byte colour)
    {
        byte[] good = PngOracle.Write(6, 2, depth, colour, Rows(2, colour == 2 ? 18 : 12));
        Assert.Equal(6, ImageDecoder.Decode(good, "a.png").Width);
        byte[] bad = PngOracle.Write(6, 2, depth, colour, Rows(2, colour == 2 ? 18 : 12), badChecksum: true);
        Assert.Throws<VisionMambaException>(() => ImageDecoder.Decode(bad, "a.png"));
    }

    [Theory]
    [InlineData(8, 2)]
    [InlineData(16, 0)]
    public void AHugeClaimIsRefusedBeforeMemoryIsTaken(byte depth, byte colour)
    {
        byte[] bytes = PngOracle.Write(60_000, 60_000, depth, colour, Rows(1, 10));
        long before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<VisionMambaException>(() => ImageDecoder.Decode(bytes, "bomb.png"));
        Assert.Contains("60000 x 60000", error.Message);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    [Fact]
    public void BitmapsAreReadPlainAndPacked()
    {
        byte[] plain = ImageDecoder.Decode("P1 # c\n3 2\n101\n0 1 0"u8, "a.pbm").Pixels;
        byte[] packed = ImageDecoder.Decode((byte[])[.. "P4 3 2\n"u8, 0b1010_0000, 0b0100_0000], "b.pbm").Pixels;
        Assert.Equal(plain, packed);
        Assert.Equal([0, 255, 0, 255, 0, 255], Enumerable.Range(0, 6).Select(i => plain[i * 3]));
    }

    [Fact]
    public void SixteenBitGreymapsAreScaledNotClipped()
    {
        byte[] bytes = [.. "P5 3 1 65535\n"u8, 0x80, 0x00, 0xFF, 0xFF, 0x00, 0x80];
        RgbImage image = ImageDecoder.Decode(bytes, "a.pgm");
        Assert.Equal([128, 255, 0], Enumerable.Range(0, 3).Select(i => image.Pixels[i * 3]));
    }

    [Fact]
    public void MissingFilesAndFoldersAreNamed()
    {
        string missing = Path.Combine(Path.GetTempPath(), "no-such-folder", "a.png");
        Assert.Contains("no such image file",
            Assert.Throws<VisionMambaException>(() => ImageDecoder.Decode(missing)).Message);
        string folder = AppContext.BaseDirectory;
        Assert.Contains("is a folder", Assert.Throws<VisionMambaException>(() => ImageDecoder.Decode(folder)).Message);
    }

    [Fact]
    public void WrittenPngsReadBack()
    {
        using var temporary = new TemporaryFolder();
        var image = new RgbImage(5, 4, [.. Rows(1, 60)[0]]);
        string path = temporary.At("a.png");
        ImageWriter.WritePng(path, image);
        ImageWriter.WritePng(path, image);
        Assert.Equal(image.Pixels, ImageDecoder.Decode(path).Pixels);
        Assert.Equal([path], Directory.GetFileSystemEntries(temporary.Path));
        Assert.Throws<VisionMambaException>(() => ImageWriter.WritePng(temporary.At("a.png/b.png"), image));
    }

    private static byte[][] Rows(int rows, int bytes) => [.. Enumerable.Range(0, rows).Select(y =>
        Enumerable.Range(0, bytes).Select(x => (byte)new Rng(1, (ulong)y).Bits((ulong)x)).ToArray())];
}
