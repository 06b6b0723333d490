using VisionMamba.Data.Images;

namespace VisionMamba.Data.Augment;


/// <summary>
/// Bytes to network input: (x / 255 - mean) / std in fp32, channels first. A table of 3 x 256 results.
/// </summary>
public sealed class Normalizer
{
    private readonly float[] _table = new float[3 * 256];

    /// <summary>For the mean and deviation of <paramref name="preprocessing"/>.</summary>
    public Normalizer(Preprocessing preprocessing)
    {
        ArgumentNullException.ThrowIfNull(preprocessing);
        if (preprocessing.Mean.Length != 3 || preprocessing.Std.Length != 3)
            throw new VisionMambaException("preprocessing: mean and std must have 3 numbers each (red, green, blue)");
        for (int c = 0; c < 3; c++)
            for (int v = 0; v < 256; v++)
                _table[c * 256 + v] = (v / 255f - preprocessing.Mean[c]) / preprocessing.Std[c];
    }

    /// <summary>Writes (3, height, width) numbers.</summary>
    public void Apply(RgbImage image, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(image);
        ReadOnlySpan<byte> pixels = image.Pixels;
        int plane = image.Width * image.Height;
        if (destination.Length != 3 * plane)
            throw new ArgumentException($"{destination.Length} numbers do not hold 3 x {plane}", nameof(destination));
        ReadOnlySpan<float> red = _table.AsSpan(0, 256), green = _table.AsSpan(256, 256);
        ReadOnlySpan<float> blue = _table.AsSpan(512, 256);
        Span<float> r = destination[..plane], g = destination.Slice(plane, plane), b = destination[(2 * plane)..];
        for (int i = 0, p = 0; i < r.Length; i++, p += 3)
        {
            r[i] = red[pixels[p]];
            g[i] = green[pixels[p + 1]];
            b[i] = blue[pixels[p + 2]];
        }
    }
}
