using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Procedural;

/// <summary>The texture of a picture: a smooth cloud of light and, on top, independent noise in every value.</summary>
internal static class Grain
{
    private const int Knots = 8;

    public static void Apply(RgbImage image, Rng rng)
    {
        Rng cloud = rng.Derive(1), noise = rng.Derive(2);
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
                    float value = image.Pixels[i] + light + noiseStrength * noise.Normal((ulong)i);
                    image.Pixels[i] = (byte)Math.Clamp(MathF.Round(value), 0, 255);
                }
            }
    }

    /// <summary>Value noise in [-1, 1]: random knots, joined by smoothstep.</summary>
    private static float Cloud(Rng rng, float x, float y)
    {
        int left = (int)x, top = (int)y;
        float u = Smooth(x - left), v = Smooth(y - top);
        return Lerp(
            Lerp(Knot(left, top), Knot(left + 1, top), u),
            Lerp(Knot(left, top + 1), Knot(left + 1, top + 1), u), v);

        float Knot(int column, int row) => 2 * rng.Uniform((ulong)(row * Knots + column)) - 1;
    }

    private static float Smooth(float t) => t * t * (3 - 2 * t);

    private static float Lerp(float a, float b, float t) => a + (b - a) * t;
}
