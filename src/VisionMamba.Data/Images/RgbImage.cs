namespace VisionMamba.Data.Images;

/// <summary>An 8-bit RGB picture, rows from the top, three bytes a pixel.</summary>
public sealed class RgbImage
{
    /// <summary>A black picture.</summary>
    public RgbImage(int width, int height)
        : this(width, height, new byte[checked(width * height * 3)])
    {
    }

    /// <summary>A picture over <paramref name="pixels"/>, width * height * 3 bytes.</summary>
    public RgbImage(int width, int height, byte[] pixels)
    {
        if (width < 1 || height < 1 || pixels.Length != (long)width * height * 3)
            throw new ArgumentException($"{pixels.Length} bytes are not a picture of {width} x {height}");
        (Width, Height, Pixels) = (width, height, pixels);
    }

    /// <summary>Pixels per row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>R, G, B of each pixel.</summary>
    public byte[] Pixels { get; }
}
