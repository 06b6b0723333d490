using VisionMamba.Data.Images;

namespace VisionMamba.Data.Augment.Operations;

/// <summary>Operations that map each byte by itself, in place: a table of 256 results. Pillow 9.4's ImageOps.</summary>
internal static class Tables
{
    /// <summary>255 - v.</summary>
    public static RgbImage Invert(RgbImage image) => Map(image, v => 255 - v);

    /// <summary>Inverts what is at least <paramref name="threshold"/>.</summary>
    public static RgbImage Solarize(RgbImage image, int threshold) => Map(image, v => v < threshold ? v : 255 - v);

    /// <summary>Adds to what is below 128, up to 255; timm 0.4.12's solarize_add.</summary>
    public static RgbImage SolarizeAdd(RgbImage image, int add) =>
        Map(image, v => v < 128 ? Math.Min(255, v + add) : v);

    /// <summary>Keeps the highest bits, 0 .. 8.</summary>
    public static RgbImage Posterize(RgbImage image, int bits) =>
        bits >= 8 ? image : Map(image, v => v & ~((1 << (8 - bits)) - 1));

    /// <summary>Blends with black.</summary>
    public static RgbImage Brightness(RgbImage image, double factor) =>
        Map(image, v => Blend.Byte(0, (byte)v, (float)factor));

    /// <summary>Blends with the rounded mean of the picture's luma.</summary>
    public static RgbImage Contrast(RgbImage image, double factor)
    {
        byte mean = (byte)(int)((double)Luma.Sum(image) / (image.Width * image.Height) + 0.5);
        return Map(image, v => Blend.Byte(mean, (byte)v, (float)factor));
    }

    /// <summary>Replaces byte v of channel c by tables[256 c + v].</summary>
    public static RgbImage Apply(RgbImage image, ReadOnlySpan<byte> tables)
    {
        ReadOnlySpan<byte> red = tables[..256], green = tables.Slice(256, 256), blue = tables.Slice(512, 256);
        Span<byte> pixels = image.Pixels;
        for (int i = 0; i + 2 < pixels.Length; i += 3)
        {
            pixels[i] = red[pixels[i]];
            pixels[i + 1] = green[pixels[i + 1]];
            pixels[i + 2] = blue[pixels[i + 2]];
        }

        return image;
    }

    private static RgbImage Map(RgbImage image, Func<int, int> value)
    {
        Span<byte> table = stackalloc byte[256];
        for (int v = 0; v < 256; v++)
            table[v] = (byte)value(v);
        Span<byte> pixels = image.Pixels;
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = table[pixels[i]];
        return image;
    }
}
