using System.Text.Json.Serialization;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Augment;

/// <summary>What erased rectangles hold.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EraseMode>))]
public enum EraseMode
{
    /// <summary>Zeros, which is the mean colour.</summary>
    Const,

    /// <summary>One normal number a channel.</summary>
    Rand,

    /// <summary>A normal number for each pixel and channel.</summary>
    Pixel,
}

/// <summary>
/// Random erasing (Zhong et al., 2017) as timm 0.4.12: rectangles of a normalised picture, each with up to 10 draws of
/// area (share of the picture / count) and log-uniform height / width.
/// </summary>
public sealed class RandomErasing
{
    private const int Tries = 10;
    private readonly double _probability, _minArea, _maxArea, _minAspect, _maxAspect;
    private readonly EraseMode _mode;
    private readonly int _minCount, _maxCount;

    /// <summary>Areas are shares of the picture; the greatest aspect is 1 / the least when 0.</summary>
    public RandomErasing(
        double probability, EraseMode mode, int minCount = 1, int maxCount = 0, double minArea = 0.02,
        double maxArea = 1.0 / 3, double minAspect = 0.3, double maxAspect = 0)
    {
        if (!(probability is >= 0 and <= 1 && minCount >= 1 && minArea >= 0 && minArea <= maxArea && maxArea <= 1
            && minAspect > 0))
            throw new VisionMambaException(
                $"random erasing: probability {probability}, count {minCount}, area {minArea} to {maxArea} and aspect "
                + $"{minAspect} are out of order");
        (_probability, _mode, _minCount, _maxCount) = (probability, mode, minCount, Math.Max(minCount, maxCount));
        (_minArea, _maxArea, _minAspect) = (minArea, maxArea, minAspect);
        _maxAspect = maxAspect > 0 ? maxAspect : 1 / minAspect;
    }

    /// <summary>Erases in (channels, height, width) numbers, in place.</summary>
    public void Apply(Span<float> input, int height, int width, Rng rng)
    {
        var draws = new RandomDraws(rng.Derive(0));
        if (!draws.Chance(_probability))
            return;
        int count = _minCount + (_maxCount > _minCount ? draws.Below(_maxCount - _minCount + 1) : 0);
        double low = Math.Log(_minAspect), high = Math.Log(_maxAspect);
        for (int block = 0; block < count; block++)
        {
            for (int attempt = 0; attempt < Tries; attempt++)
            {
                double area = draws.Between(_minArea, _maxArea) * (height * width) / count;
                double aspect = Math.Exp(draws.Between(low, high));
                int h = (int)Math.Round(Math.Sqrt(area * aspect)), w = (int)Math.Round(Math.Sqrt(area / aspect));
                if (w >= width || h >= height)
                    continue;
                int top = draws.Below(height - h + 1), left = draws.Below(width - w + 1);
                Fill(input, height, width, (top, left, h, w), rng.Derive(1 + (ulong)block));
                break;
            }
        }
    }

    private void Fill(Span<float> input, int height, int width, (int Top, int Left, int H, int W) box, Rng rng)
    {
        int plane = height * width;
        ulong next = 0;
        for (int c = 0; c < input.Length / plane; c++)
        {
            float color = _mode == EraseMode.Rand ? rng.Normal((ulong)c) : 0;
            for (int y = box.Top; y < box.Top + box.H; y++)
            {
                Span<float> row = input.Slice(c * plane + y * width + box.Left, box.W);
                if (_mode == EraseMode.Pixel)
                    next = Normals(row, rng, next);
                else
                    row.Fill(color);
            }
        }
    }

    // Both numbers of Box and Muller, which halves the logarithms; a row of odd length drops one.
    private static ulong Normals(Span<float> row, Rng rng, ulong next)
    {
        for (int x = 0; x < row.Length; x += 2, next += 2)
        {
            double u = (rng.Bits(next) + 1.0) / 4294967296.0, v = rng.Bits(next + 1) / 4294967296.0;
            double radius = Math.Sqrt(-2 * Math.Log(u));
            (double sin, double cos) = Math.SinCos(2 * Math.PI * v);
            row[x] = (float)(radius * cos);
            if (x + 1 < row.Length)
                row[x + 1] = (float)(radius * sin);
        }

        return next;
    }
}
