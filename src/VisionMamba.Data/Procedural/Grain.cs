using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Procedural;

/// <summary>The texture of a picture: a smooth cloud of light and, on top, independent noise in every value.</summary>
internal static class Grain
{
    private const int Knots = 8;

    public static void Apply(RgbImage image, Rng rng)
    {
        Rng noise = rng.Derive(2);
        float[] cloud = DrawKnots(rng.Derive(1));
        var draws = new Draws(rng);
        float cloudStrength = draws.Between(0, 14), noiseStrength = draws.Between(1, 7);
        int cells = draws.Integer(3, Knots - 2);
        for (int y = 0, i = 0; y < image.Height; y++)
            for (int x = 0; x < image.Width; x++)
            {
                float light = cloudStrength * Cloud(
                    cloud, (x + 0.5f) / image.Width * cells, (y + 0.5f) / image.Height * cells);
                for (int c = 0; c < 3; c++, i++)
                {
                    float value = image.Pixels[i] + light + noiseStrength * Bell(noise.Bits((ulong)i));
                    image.Pixels[i] = (byte)Math.Clamp(MathF.Round(value), 0, 255);
                }
            }
    }

    /// <summary>Nearly normal with variance 1: the sum of the four bytes, far cheaper than Box-Muller.</summary>
    private static float Bell(uint bits)
    {
        // A byte has the variance (256^2 - 1) / 12; four of them have the deviation 147.8.
        uint sum = (bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255) + (bits >> 24);
        return (sum - 510f) / 147.8f;
    }

    private static float[] DrawKnots(Rng rng)
    {
        var draws = new Draws(rng);
        float[] knots = new float[Knots * Knots];
        foreach (ref float knot in knots.AsSpan())
            knot = draws.Between(-1, 1);
        return knots;
    }

    /// <summary>Value noise in [-1, 1]: the knots, joined by smoothstep.</summary>
    private static float Cloud(float[] knots, float x, float y)
    {
        int left = (int)x, top = (int)y, at = top * Knots + left;
        float u = Smooth(x - left), v = Smooth(y - top);
        return Lerp(
            Lerp(knots[at], knots[at + 1], u),
            Lerp(knots[at + Knots], knots[at + Knots + 1], u), v);
    }

    private static float Smooth(float t) => t * t * (3 - 2 * t);

    private static float Lerp(float a, float b, float t) => a + (b - a) * t;
}
