namespace VisionMamba.Data.Images;

/// <summary>A rectangle of whole pixels.</summary>
public readonly record struct PixelBox(int Left, int Top, int Width, int Height)
{
    /// <summary>The whole of <paramref name="image"/>.</summary>
    public static PixelBox All(RgbImage image) => new(0, 0, image.Width, image.Height);
}
