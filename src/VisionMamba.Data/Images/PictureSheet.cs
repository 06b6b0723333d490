using SkiaSharp;

namespace VisionMamba.Data.Images;

/// <summary>Writes PNG files: a contact sheet of framed and captioned pictures, or one picture as it is.</summary>
public static class PictureSheet
{
    /// <summary>Lines of a caption.</summary>
    private const int MostLines = 2;

    private static readonly SKColor Paper = new(250, 250, 248), Ink = new(34, 34, 40);

    /// <summary>
    /// Writes the items row by row, <paramref name="columns"/> a row, each scaled to fit a square of
    /// <paramref name="thumbnail"/> pixels. The file appears whole or not at all.
    /// </summary>
    /// <exception cref="VisionMambaException">There is no item, or the file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<SheetItem> items, int columns, int thumbnail)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(thumbnail, 16);
        if (items.Count == 0)
            throw new VisionMambaException($"{path}: a sheet needs at least one picture; none was given");
        var layout = new SheetLayout(thumbnail, Math.Min(columns, items.Count), items.Count);
        using SKSurface surface = SkiaPictures.Surface(layout.Width, layout.Height);
        surface.Canvas.Clear(Paper);
        for (int i = 0; i < items.Count; i++)
        {
            (int x, int y) = layout.Corner(i);
            DrawPicture(surface.Canvas, items[i], x, y, layout);
            DrawCaption(surface.Canvas, items[i].Caption, x, y + layout.Framed + layout.Scale * 2, layout);
        }

        ImageWriter.WritePng(path, SkiaPictures.FromSkia(surface));
    }

    private static void DrawPicture(SKCanvas canvas, SheetItem item, int x, int y, SheetLayout layout)
    {
        using var frame = new SKPaint { Color = FrameColour(item.Correct) };
        canvas.DrawRect(x, y, layout.Framed, layout.Framed, frame);
        x += layout.Frame;
        y += layout.Frame;
        using var paper = new SKPaint { Color = Paper };
        canvas.DrawRect(x, y, layout.Thumbnail, layout.Thumbnail, paper);

        RgbImage image = item.Image;
        float scale = layout.Thumbnail / (float)Math.Max(image.Width, image.Height);
        float width = Math.Max(1, MathF.Round(image.Width * scale));
        float height = Math.Max(1, MathF.Round(image.Height * scale));
        var target = SKRect.Create(
            x + MathF.Floor((layout.Thumbnail - width) / 2), y + MathF.Floor((layout.Thumbnail - height) / 2),
            width, height);
        using SKImage picture = SkiaPictures.ToSkia(image);
        SKSamplingOptions sampling = scale > 1
            ? new SKSamplingOptions(SKCubicResampler.CatmullRom)
            : new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear);
        canvas.DrawImage(picture, target, sampling);
    }

    private static void DrawCaption(SKCanvas canvas, string caption, int x, int y, SheetLayout layout)
    {
        using var ink = new SKPaint { Color = Ink };
        foreach (string line in Lines(caption, layout.Characters))
        {
            int width = (line.Length * BitmapFont.Advance - 1) * layout.Scale;
            BitmapFont.Draw(canvas, line, x + Math.Max(0, (layout.Framed - width) / 2), y, layout.Scale, ink);
            y += BitmapFont.LineHeight * layout.Scale;
        }
    }

    private static SKColor FrameColour(bool? correct) => correct switch
    {
        true => new SKColor(46, 160, 67),
        false => new SKColor(214, 48, 49),
        null => new SKColor(168, 170, 176),
    };

    /// <summary>At most two lines of at most <paramref name="width"/> characters; what is cut ends in "..".</summary>
    internal static IReadOnlyList<string> Lines(string caption, int width)
    {
        var lines = new List<string>();
        foreach (string paragraph in caption.Split('\n', StringSplitOptions.TrimEntries))
        {
            string rest = paragraph;
            while (rest.Length > width && lines.Count < MostLines - 1)
            {
                int space = rest.LastIndexOf(' ', width);
                int end = space > 0 ? space : width;
                lines.Add(rest[..end]);
                rest = rest[end..].TrimStart();
            }

            lines.Add(rest.Length > width ? Cut(rest, width) : rest);
        }

        if (lines.Count > MostLines)
            lines[MostLines - 1] = Cut(lines[MostLines - 1] + "..", width);
        return [.. lines.Take(MostLines)];
    }

    private static string Cut(string line, int width) =>
        line.Length <= width ? line : string.Concat(line.AsSpan(0, width - 2).TrimEnd(), "..");
}
