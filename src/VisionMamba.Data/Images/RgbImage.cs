namespace VisionMamba.Data.Images;

/// <summary>
/// An 8-bit RGB picture: rows top to bottom, 3 bytes a pixel, no padding. Treat the pixels as read-only once the
/// picture has been handed on: sources and caches share them.
/// </summary>
public sealed class RgbImage
{
    /// <summary>
    /// The largest picture that is read or made, 2 x 89,478,485 pixels: where Pillow refuses a file as a
    /// "decompression bomb".
    /// </summary>
    public const long MaxPixels = 178_956_970;

    /// <summary>
    /// A black picture of <paramref name="width"/> x <paramref name="height"/> pixels, each at least 1.
    /// </summary>
    public RgbImage(int width, int height)
        : this(width, height, new byte[ByteCount(width, height)])
    {
    }

    /// <summary>Wraps <paramref name="pixels"/>, height x width x 3 bytes, without copying.</summary>
    public RgbImage(int width, int height, byte[] pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        if (pixels.Length != ByteCount(width, height))
            throw new ArgumentException($"{pixels.Length} bytes do not fill {width} x {height} RGB pixels");
        Width = width;
        Height = height;
        Pixels = pixels;
    }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>The bytes, (height, width, 3).</summary>
    public byte[] Pixels { get; }

    /// <summary>The row <paramref name="y"/>, (width, 3).</summary>
    public Span<byte> Row(int y) => Pixels.AsSpan(y * Width * 3, Width * 3);

    /// <summary>A copy of the rectangle, which must lie inside the picture.</summary>
    public RgbImage Crop(int left, int top, int width, int height)
    {
        if (left < 0 || top < 0 || width < 1 || height < 1 || left > Width - width || top > Height - height)
            throw new ArgumentException($"crop ({left}, {top}, {width}, {height}) leaves {Width} x {Height} pixels");
        RgbImage result = Uninitialized(width, height);
        for (int y = 0; y < height; y++)
            Row(top + y).Slice(left * 3, width * 3).CopyTo(result.Row(y));
        return result;
    }

    /// <summary>A copy mirrored left to right.</summary>
    public RgbImage Mirrored()
    {
        RgbImage result = Uninitialized(Width, Height);
        for (int y = 0; y < Height; y++)
        {
            ReadOnlySpan<byte> from = Row(y);
            Span<byte> to = result.Row(y);
            for (int x = 0, last = (Width - 1) * 3; x <= last; x += 3)
            {
                to[x] = from[last - x];
                to[x + 1] = from[last - x + 1];
                to[x + 2] = from[last - x + 2];
            }
        }

        return result;
    }

    /// <summary>A copy mirrored top to bottom.</summary>
    public RgbImage UpsideDown()
    {
        RgbImage result = Uninitialized(Width, Height);
        for (int y = 0; y < Height; y++)
            Row(y).CopyTo(result.Row(Height - 1 - y));
        return result;
    }

    /// <summary>A picture whose bytes the caller is about to overwrite.</summary>
    internal static RgbImage Uninitialized(int width, int height) =>
        new(width, height, GC.AllocateUninitializedArray<byte>(ByteCount(width, height)));

    private static int ByteCount(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)width * height, MaxPixels, nameof(width));
        return width * height * 3;
    }
}
