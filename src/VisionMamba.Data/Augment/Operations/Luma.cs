using VisionMamba.Data.Images;

namespace VisionMamba.Data.Augment.Operations;

/// <summary>ITU-R 601 luma in 16-bit fixed point, as Pillow 9.4 converts RGB to L.</summary>
internal static class Luma
{
    /// <summary>(19595 R + 38470 G + 7471 B + 2^15) / 2^16, rounded down.</summary>
    public static byte Of(byte red, byte green, byte blue) =>
        (byte)((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16);

    /// <summary>The sum of the picture's lumas.</summary>
    public static long Sum(RgbImage image)
    {
        ReadOnlySpan<byte> p = image.Pixels;
        long sum = 0;
        for (int i = 0; i + 2 < p.Length; i += 3)
            sum += Of(p[i], p[i + 1], p[i + 2]);
        return sum;
    }

    /// <summary>Writes the grey picture, three equal bytes a pixel; the spans may be the same.</summary>
    public static void Grey(ReadOnlySpan<byte> from, Span<byte> to)
    {
        to = to[..from.Length];
        for (int i = 0; i + 2 < from.Length; i += 3)
            to[i] = to[i + 1] = to[i + 2] = Of(from[i], from[i + 1], from[i + 2]);
    }
}
