using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Augment;

/// <summary>torchvision 0.14's RandomCrop with padding on all sides, without making the padded picture.</summary>
internal static class PaddedCrop
{
    /// <summary>Pixels added at each border, in DeiT.</summary>
    public const int Padding = 4;

    /// <summary>
    /// Resizes the shorter side to <paramref name="size"/>, reflects 4 pixels at the borders and cuts a square out.
    /// </summary>
    public static RgbImage Simple(RgbImage image, int size, Interpolation interpolation, Rng rng)
    {
        int width = EvalTransform.Scaled(image.Width, image.Height, size);
        int height = EvalTransform.Scaled(image.Height, image.Width, size);
        (int left, int top) = Place(width, height, size, rng);
        int[] columns = Reflected(left, size, width), rows = Reflected(top, size, height);
        var window = new PixelBox(columns.Min(), rows.Min(), columns.Max() - columns.Min() + 1,
            rows.Max() - rows.Min() + 1);
        RgbImage part = Resampler.Resize(image, PixelBox.All(image), width, height, window, interpolation);
        return Gather(part, [.. columns.Select(x => x - window.Left)], [.. rows.Select(y => y - window.Top)]);
    }

    /// <summary>Adds 4 black pixels at the borders and cuts a square out, without a resize.</summary>
    public static RgbImage Small(RgbImage image, int size, Rng rng)
    {
        if (Math.Min(image.Width, image.Height) + 2 * Padding < size)
            throw new VisionMambaException(
                $"--small-crop: a picture of {image.Width} x {image.Height} pixels is too small for an input of "
                + $"{size}; leave the flag out");
        (int left, int top) = Place(image.Width, image.Height, size, rng);
        int[] columns = [.. Enumerable.Range(left, size)], rows = [.. Enumerable.Range(top, size)];
        return Gather(image, columns, rows);
    }

    // The square's corner in the picture without its padding.
    private static (int Left, int Top) Place(int width, int height, int size, Rng rng)
    {
        int top = rng.Below(0, height + 2 * Padding - size + 1) - Padding;
        return (rng.Below(1, width + 2 * Padding - size + 1) - Padding, top);
    }

    // numpy's reflect: the border pixel is not repeated; short sides are reflected again and again.
    private static int[] Reflected(int first, int count, int side)
    {
        int period = Math.Max(2 * (side - 1), 1);
        return [.. Enumerable.Range(first, count).Select(i =>
        {
            int at = (i % period + period) % period;
            return at < side ? at : period - at;
        })];
    }

    private static RgbImage Gather(RgbImage image, int[] columns, int[] rows)
    {
        var result = new RgbImage(columns.Length, rows.Length);
        for (int y = 0; y < rows.Length; y++)
        {
            if ((uint)rows[y] >= (uint)image.Height)
                continue;
            ReadOnlySpan<byte> from = image.Row(rows[y]);
            Span<byte> to = result.Row(y);
            for (int x = 0; x < columns.Length; x++)
                if ((uint)columns[x] < (uint)image.Width)
                    from.Slice(columns[x] * 3, 3).CopyTo(to[(x * 3)..]);
        }

        return result;
    }
}
