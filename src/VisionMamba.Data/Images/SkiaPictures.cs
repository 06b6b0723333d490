using SkiaSharp;

namespace VisionMamba.Data.Images;

/// <summary>Pictures to and from Skia, without alpha and without colour management.</summary>
internal static class SkiaPictures
{
    /// <summary>A raster surface of four bytes a pixel (R, G, B, unused).</summary>
    public static SKSurface Surface(int width, int height) =>
        SKSurface.Create(Layout(width, height))
            ?? throw new VisionMambaException($"no memory for a picture of {width} x {height} pixels; ask for less");

    public static SKImage ToSkia(RgbImage image)
    {
        byte[] pixels = new byte[checked(image.Width * image.Height * 4)];
        for (int from = 0, to = 0; to < pixels.Length; from += 3, to += 4)
        {
            image.Pixels.AsSpan(from, 3).CopyTo(pixels.AsSpan(to));
            pixels[to + 3] = 255;
        }

        return SKImage.FromPixelCopy(Layout(image.Width, image.Height), pixels, image.Width * 4);
    }

    public static RgbImage FromSkia(SKSurface surface)
    {
        using SKPixmap map = surface.PeekPixels();
        var image = new RgbImage(map.Width, map.Height);
        ReadOnlySpan<byte> pixels = map.GetPixelSpan();
        for (int y = 0, to = 0; y < map.Height; y++)
        {
            ReadOnlySpan<byte> row = pixels.Slice(y * map.RowBytes, map.Width * 4);
            for (int x = 0; x < map.Width; x++, to += 3)
                row.Slice(x * 4, 3).CopyTo(image.Pixels.AsSpan(to));
        }

        return image;
    }

    private static SKImageInfo Layout(int width, int height) =>
        new(width, height, SKColorType.Rgb888x, SKAlphaType.Opaque);
}
