using SkiaSharp;
using VisionMamba.Data.Images;

namespace VisionMamba.Tests.Data;

public sealed class PictureSheetTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sheet").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_png_keeps_every_pixel()
    {
        byte[] pixels = [.. Enumerable.Range(0, 7 * 5 * 3).Select(i => (byte)(i * 37))];
        string path = Path.Combine(_folder, "new", "one.png");
        ImageWriter.WritePng(path, new RgbImage(7, 5, pixels));

        using SKBitmap read = SKBitmap.Decode(path);
        Assert.Equal((7, 5), (read.Width, read.Height));
        for (int i = 0; i < 35; i++)
        {
            SKColor colour = read.GetPixel(i % 7, i / 7);
            Assert.Equal(pixels.AsSpan(3 * i, 3), [colour.Red, colour.Green, colour.Blue]);
        }
    }

    [Theory]
    [InlineData(5, 3, 96)]
    [InlineData(2, 8, 64)]
    [InlineData(4, 2, 200)]
    public void A_sheet_has_the_size_of_its_rows_and_columns(int count, int columns, int thumbnail)
    {
        string path = Path.Combine(_folder, "sheet.png");
        PictureSheet.Write(path, Items(count), columns, thumbnail);

        int scale = Math.Max(1, thumbnail / 96), cell = thumbnail + 2 * Math.Max(2, thumbnail / 32);
        int across = Math.Min(columns, count), down = (int)Math.Ceiling(count / (double)columns);
        using SKBitmap read = SKBitmap.Decode(path);
        Assert.Equal(6 * scale + across * (cell + 6 * scale), read.Width);
        Assert.Equal(6 * scale + down * (cell + 26 * scale), read.Height);
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Frames_tell_right_from_wrong_and_the_picture_lies_inside()
    {
        string path = Path.Combine(_folder, "sheet.png");
        PictureSheet.Write(path, Items(3), 3, 96);
        using SKBitmap read = SKBitmap.Decode(path);
        var layout = new SheetLayout(96, 3, 3);
        SKColor[] frames = [.. Enumerable.Range(0, 3).Select(layout.Corner).Select(at => read.GetPixel(at.X, at.Y))];
        Assert.True(frames[0].Green > frames[0].Red + 50, "the first item is correct");
        Assert.True(frames[1].Red > frames[1].Green + 50, "the second item is wrong");
        Assert.InRange(frames[2].Red - frames[2].Green, -10, 10);
        (int x, int y) = layout.Corner(1);
        Assert.Equal(new SKColor(10, 200, 30), read.GetPixel(x + layout.Framed / 2, y + layout.Framed / 2));
    }

    [Fact]
    public void A_caption_leaves_ink_below_its_picture()
    {
        string path = Path.Combine(_folder, "sheet.png");
        PictureSheet.Write(path, [Items(1)[0] with { Caption = "" }], 1, 96);
        byte[] blank = File.ReadAllBytes(path);
        PictureSheet.Write(path, [Items(1)[0] with { Caption = "fish" }], 1, 96);
        Assert.NotEqual(blank, File.ReadAllBytes(path));
    }

    [Theory]
    [InlineData("short", 16, new[] { "short" })]
    [InlineData("two words here", 9, new[] { "two words", "here" })]
    [InlineData("one\ntwo", 16, new[] { "one", "two" })]
    [InlineData("one\ntwo\nthree", 16, new[] { "one", "two.." })]
    [InlineData("unbreakable", 6, new[] { "unbrea", "kable" })]
    [InlineData("a caption that is far too long", 10, new[] { "a caption", "that is.." })]
    public void Captions_break_between_words_and_show_where_they_are_cut(string caption, int width, string[] lines) =>
        Assert.Equal(lines, PictureSheet.Lines(caption, width));

    [Fact]
    public void Every_printable_character_has_its_own_drawing()
    {
        var drawings = Enumerable.Range(' ', '~' - ' ' + 1).Select(code => Drawing((char)code)).ToList();
        Assert.Equal(95, drawings.Distinct().Count());
        Assert.Equal(Drawing('?'), Drawing('é'));
        Assert.DoesNotContain('#', Drawing(' '));
    }

    [Fact]
    public void An_empty_sheet_is_refused_and_leaves_no_file()
    {
        string path = Path.Combine(_folder, "sheet.png");
        var error = Assert.Throws<VisionMambaException>(() => PictureSheet.Write(path, [], 3, 64));
        Assert.StartsWith(path, error.Message);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    private static string Drawing(char character) => string.Concat(
        Enumerable.Range(0, 35).Select(i => BitmapFont.IsSet(character, i % 5, i / 5) ? '#' : '.'));

    private static SheetItem[] Items(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new SheetItem(
            new RgbImage(4, 4, [.. Enumerable.Repeat<byte[]>([10, 200, 30], 16).SelectMany(pixel => pixel)]),
            $"item {i}", i == 2 ? null : i % 2 == 0))];
}
