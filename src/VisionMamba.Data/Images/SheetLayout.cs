namespace VisionMamba.Data.Images;

/// <summary>Where the pictures of a sheet lie, in pixels.</summary>
/// <param name="Thumbnail">The side of the square a picture fits into.</param>
/// <param name="Columns">Pictures in a row.</param>
/// <param name="Count">Pictures on the sheet.</param>
internal readonly record struct SheetLayout(int Thumbnail, int Columns, int Count)
{
    /// <summary>Pixels of the sheet per pixel of the font.</summary>
    public int Scale => Math.Max(1, Thumbnail / 96);

    public int Frame => Math.Max(2, Thumbnail / 32);

    /// <summary>The side of a picture with its frame.</summary>
    public int Framed => Thumbnail + 2 * Frame;

    /// <summary>Characters that fit below a picture.</summary>
    public int Characters => Math.Max(4, (Framed / Scale + 1) / BitmapFont.Advance);

    public int Width => Gap + Columns * (Framed + Gap);

    public int Height => Gap + (Count + Columns - 1) / Columns * RowHeight;

    private int Gap => 6 * Scale;

    private int RowHeight => Framed + 2 * Scale + 2 * BitmapFont.LineHeight * Scale + Gap;

    /// <summary>The top left corner of a framed picture.</summary>
    public (int X, int Y) Corner(int index) =>
        (Gap + index % Columns * (Framed + Gap), Gap + index / Columns * RowHeight);
}
