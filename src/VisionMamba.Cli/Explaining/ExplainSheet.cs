using System.Globalization;
using SkiaSharp;
using VisionMamba.Models.Explaining;

namespace VisionMamba.Cli.Explaining;

/// <summary>
/// One picture that explains one image: the image and its attribution, how much the method changes the tokens before
/// each block, and maps of the gates by block, with the method, without it, and the difference.
/// </summary>
internal sealed class ExplainSheet : IDisposable
{
    private const int MostBlocks = 8, Cell = 104, Gap = 10, Left = 150, Top = 312, Caption = 26, Margin = 16;
    private static readonly SKColor s_paper = new(255, 255, 255), s_ink = new(30, 30, 36), s_pale = new(110, 110, 120);

    private readonly SKTypeface _face = SKTypeface.FromFile(
        Path.Combine(AppContext.BaseDirectory, "Assets", "DejaVuSans.ttf"));
    private readonly ExplainedImage _image;
    private readonly int[] _blocks;
    private readonly SKSurface _surface;

    private ExplainSheet(ExplainedImage image)
    {
        _image = image;
        _blocks = ExplainedImage.Blocks(image.With.Blocks.Count, MostBlocks);
        int rows = image.Without is null ? 1 : 3;
        int width = Math.Max(Left + (_blocks.Length * (Cell + Gap)), 900) + Margin;
        int height = Top + (ExplainedImage.Maps.Count * GroupHeight(rows)) + Margin;
        _surface = SKSurface.Create(new SKImageInfo(width, height));
    }

    private SKCanvas Canvas => _surface.Canvas;

    /// <summary>The sheet as PNG.</summary>
    public static byte[] Png(ExplainedImage image)
    {
        using var sheet = new ExplainSheet(image);
        sheet.Draw();
        using SKImage picture = sheet._surface.Snapshot();
        using SKData data = picture.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    public void Dispose()
    {
        _surface.Dispose();
        _face.Dispose();
    }

    private static int GroupHeight(int rows) => (rows * (Cell + Gap)) + Caption + 18;

    private static string Short(double value) => value.ToString("G3", CultureInfo.InvariantCulture);

    private void Draw()
    {
        Canvas.Clear(s_paper);
        Header();
        int y = Top;
        for (int i = 0; i < _blocks.Length; i++)
            Text($"block {_blocks[i]}", Left + (i * (Cell + Gap)) + (Cell / 2), y - 8, 12, s_pale, SKTextAlign.Center);
        foreach ((string name, string what, Func<BlockExplanation, IReadOnlyList<float>> map) in ExplainedImage.Maps)
            y = Group(name, what, map, y);
    }

    private void Header()
    {
        ExplainedImage e = _image;
        Text(Path.GetFileName(e.Path), Margin, 28, 17, s_ink);
        string without = e.Without is null ? "" : $", without the method {ExplainedImage.Probability(e.Without):P1}";
        string with = $"class {e.ClassName}: probability {ExplainedImage.Probability(e.With):P1}";
        Text(with + without, Margin, 50, 14, s_ink);
        const int Y = 72, Side = 160;
        Picture(Margin, Y, Side);
        Text("image", Margin + (Side / 2), Y + Side + 16, 12, s_pale, SKTextAlign.Center);
        float[] all = [.. e.With.Attribution, .. e.Without?.Attribution ?? []];
        // The largest pixels would leave the others white: the scale ends at the 99th percentile.
        float most = all.Select(Math.Abs).Order().ElementAt((int)(0.99 * (all.Length - 1)));
        ColourScale scale = ColourScale.Diverging([most]);
        int x = Margin + Side + Gap;
        foreach ((string label, Explanation? one) in new[] { ("with", e.With), ("without", e.Without) })
        {
            if (one is null)
                continue;
            Map(one.Attribution, x, Y, Side, scale);
            Text($"gradient x input, {label}", x + (Side / 2), Y + Side + 16, 12, s_pale, SKTextAlign.Center);
            x += Side + Gap;
        }

        string maps = "maps: dark is the least, bright the most; their ends stand below"
            + (e.Without is null ? "" : ", the difference's after ±");
        Text(maps, Margin, Y + Side + 48, 11, s_pale);
        string signs = $"red speaks for the class, blue against (±{Short(most)})";
        Text(signs, Margin + Side + Gap, Y + Side + 32, 11, s_pale);
        Bars(x + 30, Y, _surface.Canvas.DeviceClipBounds.Width - x - 30 - Margin, Side);
    }

    /// <summary>
    /// How much the method changes the patches before each block; of one that changes weights, the input gate.
    /// </summary>
    private void Bars(int x, int y, int width, int height)
    {
        (string what, IReadOnlyList<double> values) = _image.Changes;
        double most = values.Max();
        if (most == 0)
            return;
        using var fill = new SKPaint { Color = new SKColor(33, 145, 140) };
        using var line = new SKPaint { Color = s_pale };
        Canvas.DrawRect(x, y + height, width, 1, line);
        float step = width / (float)values.Count;
        for (int i = 0; i < values.Count; i++)
        {
            float bar = (float)(values[i] / most * (height - 18));
            Canvas.DrawRect(x + (i * step) + (step * 0.15f), y + height - bar, step * 0.7f, bar, fill);
            if (values.Count <= 12 || i % 4 == 0)
                Text($"{i}", (int)(x + ((i + 0.5f) * step)), y + height + 16, 11, s_pale, SKTextAlign.Center);
        }

        Text($"{what} (top {Short(most)})", x, y + 10, 12, s_pale);
    }

    private int Group(string name, string what, Func<BlockExplanation, IReadOnlyList<float>> map, int y)
    {
        bool compare = _image.Without is not null;
        Text(name, Margin, y + 20, 15, s_ink);
        Text(what, Margin, y + 38, 11, s_pale);
        string[] rows = compare ? ["with", "without", "difference"] : ["with"];
        for (int r = 0; r < rows.Length; r++)
            Text(rows[r], Left - 12, y + (r * (Cell + Gap)) + (Cell / 2) + 4, 12, s_ink, SKTextAlign.Right);
        for (int i = 0; i < _blocks.Length; i++)
        {
            int x = Left + (i * (Cell + Gap));
            IReadOnlyList<float> with = map(_image.With.Blocks[_blocks[i]]);
            IReadOnlyList<float>? without = compare ? map(_image.Without!.Blocks[_blocks[i]]) : null;
            ColourScale scale = ColourScale.Sequential(with.Concat(without ?? []));
            Map(with, x, y, Cell, scale);
            int below = y + (rows.Length * (Cell + Gap)) + 5;
            Text($"{Short(scale.Least)} .. {Short(scale.Most)}", x + (Cell / 2), below, 10, s_pale, SKTextAlign.Center);
            if (without is not null)
            {
                Map(without, x, y + Cell + Gap, Cell, scale);
                float[] difference = [.. with.Zip(without, (a, b) => a - b)];
                ColourScale around = ColourScale.Diverging(difference);
                Map(difference, x, y + (2 * (Cell + Gap)), Cell, around);
                Text($"±{Short(around.Most)}", x + (Cell / 2), below + 13, 10, s_pale, SKTextAlign.Center);
            }
        }

        return y + GroupHeight(rows.Length);
    }

    private void Map(IReadOnlyList<float> values, int x, int y, int side, ColourScale scale)
    {
        int grid = (int)Math.Round(Math.Sqrt(values.Count));
        using var fill = new SKPaint();
        for (int i = 0; i < values.Count; i++)
        {
            int left = i % grid * side / grid, top = i / grid * side / grid;
            int right = ((i % grid) + 1) * side / grid, bottom = ((i / grid) + 1) * side / grid;
            fill.Color = scale[values[i]];
            Canvas.DrawRect(x + left, y + top, right - left, bottom - top, fill);
        }
    }

    private void Picture(int x, int y, int side)
    {
        int width = _image.Picture.Width, height = _image.Picture.Height;
        using var fill = new SKPaint();
        for (int i = 0; i < width * height; i++)
        {
            byte[] p = _image.Picture.Pixels;
            fill.Color = new SKColor(p[3 * i], p[(3 * i) + 1], p[(3 * i) + 2]);
            int left = i % width * side / width, top = i / width * side / height;
            int right = ((i % width) + 1) * side / width, bottom = ((i / width) + 1) * side / height;
            Canvas.DrawRect(x + left, y + top, Math.Max(right - left, 1), Math.Max(bottom - top, 1), fill);
        }
    }

    private void Text(string text, int x, int y, int size, SKColor colour, SKTextAlign align = SKTextAlign.Left)
    {
        using var font = new SKFont(_face, size);
        using var ink = new SKPaint { Color = colour, IsAntialias = true };
        Canvas.DrawText(text, x, y, align, font, ink);
    }
}
