using VisionMamba.Data.Images;

namespace VisionMamba.Data.Augment.Operations;

/// <summary>
/// Pillow 9.4's GaussianBlur: three box filters of fractional width along the rows, then three along the columns
/// (Gwosdek et al., SSVM 2011), in 8.24 fixed point, rounded to bytes each time.
/// </summary>
internal static class GaussianBlur
{
    private const int Passes = 3;

    /// <summary>In place; <paramref name="deviation"/> in pixels.</summary>
    public static RgbImage Apply(RgbImage image, double deviation)
    {
        float radius = BoxRadius((float)deviation);
        byte[] line = new byte[Math.Max(image.Width, image.Height)], other = new byte[line.Length];
        for (int c = 0; c < 3; c++)
        {
            for (int y = 0; y < image.Height; y++)
                Line(image.Pixels, y * image.Width * 3 + c, 3, line.AsSpan(0, image.Width), other, radius);
            for (int x = 0; x < image.Width; x++)
                Line(image.Pixels, x * 3 + c, image.Width * 3, line.AsSpan(0, image.Height), other, radius);
        }

        return image;
    }

    private static float BoxRadius(float deviation)
    {
        float variance = deviation * deviation / Passes;
        float length = (float)Math.Sqrt(12.0 * variance + 1.0), whole = (float)Math.Floor((length - 1.0) / 2.0);
        float part = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance);
        part /= 6 * (variance - (whole + 1) * (whole + 1));
        return whole + part;
    }

    private static void Line(byte[] pixels, int first, int stride, Span<byte> line, Span<byte> other, float radius)
    {
        for (int i = 0, p = first; i < line.Length; i++, p += stride)
            line[i] = pixels[p];
        other = other[..line.Length];
        Box(line, other, radius);
        Box(other, line, radius);
        Box(line, other, radius);
        for (int i = 0, p = first; i < other.Length; i++, p += stride)
            pixels[p] = other[i];
    }

    private static void Box(ReadOnlySpan<byte> from, Span<byte> to, float fractional)
    {
        int radius = (int)fractional, last = from.Length - 1;
        uint weight = (uint)((1 << 24) / (fractional * 2 + 1));
        uint farWeight = ((1u << 24) - (uint)(radius * 2 + 1) * weight) / 2;
        uint sum = (uint)(from[0] * (radius + 1));
        for (int x = 0; x < radius; x++)
            sum += from[Math.Min(x, last)];
        for (int x = 0; x <= last; x++)
        {
            int left = from[Math.Max(x - radius - 1, 0)];
            sum += (uint)(from[Math.Min(x + radius, last)] - left);
            uint far = (uint)(left + from[Math.Min(x + radius + 1, last)]);
            to[x] = (byte)((sum * weight + far * farWeight + (1 << 23)) >> 24);
        }
    }
}
