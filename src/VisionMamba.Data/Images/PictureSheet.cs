namespace VisionMamba.Data.Images;

/// <summary>The colour around a picture of a sheet.</summary>
public enum SheetFrame
{
    /// <summary>None.</summary>
    None,

    /// <summary>Green: predicted rightly.</summary>
    Right,

    /// <summary>Red: predicted wrongly.</summary>
    Wrong,
}

/// <summary>A picture of a sheet.</summary>
/// <param name="Image">Shown with its longer side fitted to the cell.</param>
/// <param name="Lines">Captions below, each shortened to the cell's width.</param>
/// <param name="Frame">The frame's colour.</param>
public sealed record SheetItem(RgbImage Image, IReadOnlyList<string> Lines, SheetFrame Frame = SheetFrame.None)
{
    /// <summary>A prediction: its class and probability, and the true class below when it is another.</summary>
    public static SheetItem Prediction(RgbImage image, string predicted, double probability, string? actual)
    {
        string first = FormattableString.Invariant($"{predicted} {probability * 100:0}%");
        SheetFrame frame = actual is null ? SheetFrame.None : actual == predicted ? SheetFrame.Right : SheetFrame.Wrong;
        return new SheetItem(image, frame == SheetFrame.Wrong ? [first, $"is {actual}"] : [first, ""], frame);
    }
}

/// <summary>Lays pictures with captions and coloured frames out on one PNG.</summary>
public sealed class PictureSheet
{
    private const int Border = 3, Gap = 8, LineHeight = 11;
    private static readonly (byte R, byte G, byte B) Green = (46, 160, 67), Red = (214, 48, 49);
    private static readonly (byte R, byte G, byte B) Ink = (40, 40, 40);
    private readonly int _columns;
    private readonly int _cell;

    /// <summary>
    /// A sheet of <paramref name="columns"/> pictures a row, each in a square of <paramref name="cell"/> pixels.
    /// </summary>
    public PictureSheet(int columns, int cell)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(cell, 8);
        (_columns, _cell) = (columns, cell);
    }

    /// <summary>A line above the pictures, or none.</summary>
    public string Title { get; init; } = "";

    /// <summary>Draws the sheet and writes it, whole or not at all.</summary>
    public void Write(string path, IReadOnlyList<SheetItem> items) => ImageWriter.WritePng(path, Draw(items));

    /// <summary>Draws the sheet.</summary>
    public RgbImage Draw(IReadOnlyList<SheetItem> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        if (items.Count == 0)
            throw new VisionMambaException("a picture sheet needs at least one picture");
        int lines = items.Max(item => item.Lines.Count), head = Title.Length > 0 ? 28 : 0;
        int box = _cell + 2 * Border, rowHeight = box + lines * LineHeight + (lines > 0 ? 2 : 0) + Gap;
        int columns = Math.Min(_columns, items.Count), rows = (items.Count + columns - 1) / columns;
        var sheet = new RgbImage(columns * (box + Gap) + Gap, rows * rowHeight + Gap + head);
        Array.Fill(sheet.Pixels, (byte)255);
        BitmapFont.Draw(sheet, Gap, Gap, Title, 2, Ink);
        for (int i = 0; i < items.Count; i++)
            DrawItem(sheet, items[i], Gap + i % columns * (box + Gap), Gap + head + i / columns * rowHeight);
        return sheet;
    }

    private void DrawItem(RgbImage sheet, SheetItem item, int left, int top)
    {
        int box = _cell + 2 * Border, perLine = (box + 1) / BitmapFont.Advance;
        if (item.Frame != SheetFrame.None)
            Fill(sheet, left, top, box, item.Frame == SheetFrame.Right ? Green : Red);
        Fill(sheet, left + Border, top + Border, _cell, (240, 240, 240));
        RgbImage picture = Fitted(item.Image);
        int x = left + Border + (_cell - picture.Width) / 2, y = top + Border + (_cell - picture.Height) / 2;
        for (int row = 0; row < picture.Height; row++)
            picture.Row(row).CopyTo(sheet.Row(y + row)[(x * 3)..]);
        for (int i = 0; i < item.Lines.Count; i++)
        {
            string text = item.Lines[i];
            text = text.Length <= perLine ? text : text[..Math.Max(0, perLine - 2)] + "..";
            int start = left + (box - BitmapFont.Width(text, 1)) / 2, line = top + box + 4 + i * LineHeight;
            BitmapFont.Draw(sheet, start, line, text, 1, item.Frame == SheetFrame.Wrong && i > 0 ? Red : Ink);
        }
    }

    private RgbImage Fitted(RgbImage image)
    {
        double scale = (double)_cell / Math.Max(image.Width, image.Height);
        int width = Math.Max(1, (int)Math.Round(image.Width * scale));
        int height = Math.Max(1, (int)Math.Round(image.Height * scale));
        return Resampler.Resize(image, width, height, Interpolation.Bicubic);
    }

    private static void Fill(RgbImage sheet, int left, int top, int side, (byte R, byte G, byte B) colour)
    {
        for (int y = top; y < top + side; y++)
        {
            Span<byte> row = sheet.Row(y).Slice(left * 3, side * 3);
            for (int x = 0; x < row.Length; x += 3)
                (row[x], row[x + 1], row[x + 2]) = colour;
        }
    }
}
