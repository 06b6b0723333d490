using VisionMamba.Data.Images;

namespace VisionMamba.Data.Augment.Operations;

/// <summary>
/// Turns the hue by way of Pillow 9.4's 8-bit HSV, in place, as torchvision 0.14's adjust_hue. HSV after Smith (1978).
/// </summary>
internal static class HueShift
{
    /// <summary>By <paramref name="factor"/> of a turn, -0.5 .. 0.5.</summary>
    public static RgbImage Apply(RgbImage image, double factor)
    {
        byte shift = (byte)(int)(factor * 255);
        Span<byte> pixels = image.Pixels;
        for (int i = 0; i + 2 < pixels.Length; i += 3)
        {
            (byte hue, byte saturation, byte value) = ToHsv(pixels[i], pixels[i + 1], pixels[i + 2]);
            (pixels[i], pixels[i + 1], pixels[i + 2]) = ToRgb((byte)(hue + shift), saturation, value);
        }

        return image;
    }

    private static (byte Hue, byte Saturation, byte Value) ToHsv(byte red, byte green, byte blue)
    {
        byte most = Math.Max(red, Math.Max(green, blue)), least = Math.Min(red, Math.Min(green, blue));
        if (most == least)
            return (0, 0, most);
        float range = most - least, saturation = range / most;
        float r = (most - red) / range, g = (most - green) / range, b = (most - blue) / range;
        // Doubles in between and fp32 between the lines, as the C expressions promote.
        float hue = red == most ? b - g : green == most ? (float)(2.0 + r - b) : (float)(4.0 + g - r);
        hue = (float)((hue / 6.0 + 1.0) % 1.0);
        return ((byte)(int)(hue * 255.0), (byte)(int)(saturation * 255.0), most);
    }

    private static (byte Red, byte Green, byte Blue) ToRgb(byte hue, byte saturation, byte value)
    {
        if (saturation == 0)
            return (value, value, value);
        int sector = (int)Math.Floor(hue * 6.0 / 255.0);
        float part = (float)(hue * 6.0 / 255.0 - sector), s = (float)(saturation / 255.0);
        byte low = Rounded(value * (1.0 - s)), falling = Rounded(value * (1.0 - s * part));
        byte rising = Rounded(value * (1.0 - s * (1.0 - part)));
        return (sector % 6) switch
        {
            0 => (value, rising, low),
            1 => (falling, value, low),
            2 => (low, value, rising),
            3 => (low, falling, value),
            4 => (rising, low, value),
            _ => (value, low, falling),
        };
    }

    private static byte Rounded(double value) =>
        (byte)Math.Clamp((int)Math.Round(value, MidpointRounding.AwayFromZero), 0, 255);
}
