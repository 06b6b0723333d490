using VisionMamba.Data.Images;

namespace VisionMamba.Data.Augment.Operations;

/// <summary>Operations whose tables come from the channels' histograms, in place. Pillow 9.4's ImageOps.</summary>
internal static class Histograms
{
    /// <summary>Stretches each channel's range to 0 .. 255, rounded down.</summary>
    public static RgbImage AutoContrast(RgbImage image)
    {
        Span<int> counts = stackalloc int[3 * 256];
        Span<byte> tables = stackalloc byte[3 * 256];
        Count(image, counts);
        for (int c = 0; c < 3; c++)
        {
            ReadOnlySpan<int> channel = counts.Slice(c * 256, 256);
            int low = channel.IndexOfAnyExcept(0), high = channel.LastIndexOfAnyExcept(0);
            double scale = high > low ? 255.0 / (high - low) : 1, offset = high > low ? -low * scale : 0;
            for (int v = 0; v < 256; v++)
                tables[c * 256 + v] = (byte)Math.Clamp((int)(v * scale + offset), 0, 255);
        }

        return Tables.Apply(image, tables);
    }

    /// <summary>
    /// Makes each channel's cumulated histogram a straight line: steps of (pixels - those of the highest value) / 255.
    /// </summary>
    public static RgbImage Equalize(RgbImage image)
    {
        Span<int> counts = stackalloc int[3 * 256];
        Span<byte> tables = stackalloc byte[3 * 256];
        Count(image, counts);
        for (int c = 0; c < 3; c++)
        {
            ReadOnlySpan<int> channel = counts.Slice(c * 256, 256);
            int step = (image.Width * image.Height - channel[channel.LastIndexOfAnyExcept(0)]) / 255, n = step / 2;
            for (int v = 0; v < 256; v++)
            {
                // A step of 0 covers pictures of one value: they stay as they are.
                tables[c * 256 + v] = (byte)(step == 0 ? v : Math.Min(n / step, 255));
                n += channel[v];
            }
        }

        return Tables.Apply(image, tables);
    }

    private static void Count(RgbImage image, Span<int> counts)
    {
        Span<int> red = counts[..256], green = counts.Slice(256, 256), blue = counts.Slice(512, 256);
        red.Clear();
        green.Clear();
        blue.Clear();
        ReadOnlySpan<byte> pixels = image.Pixels;
        for (int i = 0; i + 2 < pixels.Length; i += 3)
        {
            red[pixels[i]]++;
            green[pixels[i + 1]]++;
            blue[pixels[i + 2]]++;
        }
    }
}
