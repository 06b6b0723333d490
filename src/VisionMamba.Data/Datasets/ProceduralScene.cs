using SkiaSharp;
using VisionMamba.Data.Images;

namespace VisionMamba.Data.Datasets;

/// <summary>
/// Composes one picture: background, clutter, shadow, shaded drawing, light, noise. Only coverage comes from Skia;
/// colours are computed here, so that the result does not depend on its vector code.
/// </summary>
internal sealed class ProceduralScene(int size, RandomDraws draws)
{
    private readonly float[] _pixels = new float[size * size * 3];

    public RgbImage Render(ProceduralClass drawn)
    {
        (ProceduralColour ground, ProceduralColour figure) = ProceduralColour.Pair(draws);
        PaintGround(ground);
        int clutter = draws.Below(5);
        for (int i = 0; i < clutter; i++)
            PaintClutter(ground);
        ProceduralParts parts = drawn.Draw(draws);
        var mask = new ProceduralMask(size, drawn.Pattern ? PatternPlace() : FigurePlace(drawn.MaxTilt));
        bool outline = draws.Chance(0.25f) && !drawn.Pattern && !drawn.Solid;
        float pen = draws.Range(13, 19);
        byte[] coverage = mask.Fill(parts.Body, parts.Lines, parts.LineWidth, outline, pen);
        float[] soft = Blur(coverage, Math.Max(1, (int)(size * draws.Range(0.02f, 0.045f))));
        PaintShadow(soft, drawn.Pattern ? draws.Range(0, 0.2f) : draws.Range(0.2f, 0.55f));
        PaintFigure(coverage, soft, figure);
        if (parts.Detail.Length > 0)
            PaintDetail(mask.Fill(parts.Detail, "", 0, false, 0), figure.Tone(draws), outline ? figure : ground);
        return Develop();
    }

    private SKMatrix FigurePlace(float maxTilt)
    {
        float radius = size * draws.Range(0.29f, 0.46f), room = (size / 2f - radius) * 0.9f;
        float x = size / 2f + draws.Range(-room, room), y = size / 2f + draws.Range(-room, room);
        float tilt = draws.Range(-maxTilt, maxTilt), stretch = draws.Range(0.88f, 1.12f);
        float mirror = draws.Chance(0.5f) ? -1 : 1, scale = radius / 95;
        return SKMatrix.CreateTranslation(x, y).PreConcat(SKMatrix.CreateRotationDegrees(tilt))
            .PreConcat(SKMatrix.CreateScale(scale * mirror * stretch, scale / stretch));
    }

    private SKMatrix PatternPlace()
    {
        float x = size * draws.Range(0.3f, 0.7f), y = size * draws.Range(0.3f, 0.7f);
        float scale = size / 2f / 90 * draws.Range(0.9f, 1.3f);
        return SKMatrix.CreateTranslation(x, y).PreConcat(SKMatrix.CreateRotationDegrees(draws.Range(-180, 180)))
            .PreConcat(SKMatrix.CreateScale(scale, scale * draws.Range(0.85f, 1.15f)));
    }

    private void PaintGround(ProceduralColour ground)
    {
        ProceduralColour other = ground.Near(draws, 0.28f);
        var noise = new ProceduralNoise(draws);
        float cells = draws.Range(2, 9), blotches = draws.Range(0, 0.9f), grain = draws.Range(0, 0.06f);
        (float dx, float dy) = Direction();
        for (int y = 0, i = 0; y < size; y++)
        {
            for (int x = 0; x < size; x++, i += 3)
            {
                float u = (float)x / size, v = (float)y / size;
                float slope = 0.5f + (u - 0.5f) * dx + (v - 0.5f) * dy;
                float mix = slope + blotches * (noise.At(u * cells, v * cells) - 0.5f);
                float rough = grain * (noise.At(u * 31, v * 31) - 0.5f);
                ProceduralColour.Mix(ground, other, Math.Clamp(mix, 0, 1)).Plus(rough).Store(_pixels, i);
            }
        }
    }

    private void PaintClutter(ProceduralColour ground)
    {
        ProceduralColour colour = ProceduralColour.Mix(ground, ProceduralColour.Any(draws), draws.Range(0.2f, 0.65f));
        float x = draws.Range(0, size), y = draws.Range(0, size), radius = size * draws.Range(0.02f, 0.07f) / 100;
        SKMatrix place = SKMatrix.CreateTranslation(x, y)
            .PreConcat(SKMatrix.CreateRotationDegrees(draws.Range(-180, 180)))
            .PreConcat(SKMatrix.CreateScale(radius, radius));
        var mask = new ProceduralMask(size, place);
        byte[] coverage = draws.Below(3) switch
        {
            0 => mask.Fill(ProceduralPaths.Ellipse(0, 0, 100, draws.Range(40, 100)), "", 0, false, 0),
            1 => mask.Fill(ProceduralPaths.Box(-90, -60, 180, 120), "", 0, false, 0),
            _ => mask.Fill("", "M-260 0Q0 -120 260 0", 60, false, 0),
        };
        Blend(coverage, _ => colour);
    }

    private void PaintShadow(float[] soft, float strength)
    {
        float dx = draws.Range(-0.04f, 0.04f), dy = draws.Range(0.01f, 0.06f);
        int shiftX = (int)MathF.Round(dx * size), shiftY = (int)MathF.Round(dy * size);
        for (int y = 0; y < size; y++)
        {
            for (int x = 0; x < size; x++)
            {
                int from = Math.Clamp(y - shiftY, 0, size - 1) * size + Math.Clamp(x - shiftX, 0, size - 1);
                float light = 1 - strength * soft[from];
                for (int c = 0, i = (y * size + x) * 3; c < 3; c++)
                    _pixels[i + c] *= light;
            }
        }
    }

    // Shaded by a gradient across the picture and a bevel: the slope of the blurred coverage along the light.
    private void PaintFigure(byte[] coverage, float[] soft, ProceduralColour figure)
    {
        ProceduralColour other = figure.Near(draws, 0.3f);
        float bevel = draws.Range(0, 0.45f);
        (float dx, float dy) = Direction();
        int step = Math.Max(1, size / 40);
        Blend(coverage, at =>
        {
            int x = at % size, y = at / size;
            float slope = 0.5f + ((float)x / size - 0.5f) * dx + ((float)y / size - 0.5f) * dy;
            int before = Math.Max(y - step, 0) * size + Math.Max(x - step, 0);
            int after = Math.Min(y + step, size - 1) * size + Math.Min(x + step, size - 1);
            float edge = bevel * (soft[after] - soft[before]);
            return ProceduralColour.Mix(figure, other, Math.Clamp(slope, 0, 1)).Plus(edge);
        });
    }

    private void PaintDetail(byte[] coverage, ProceduralColour tone, ProceduralColour other)
    {
        ProceduralColour colour = draws.Chance(0.3f) ? other : tone;
        Blend(coverage, _ => colour);
    }

    private void Blend(byte[] coverage, Func<int, ProceduralColour> colour)
    {
        for (int at = 0; at < coverage.Length; at++)
        {
            if (coverage[at] == 0)
                continue;
            ProceduralColour below = ProceduralColour.Load(_pixels, at * 3);
            ProceduralColour.Mix(below, colour(at), coverage[at] / 255f).Store(_pixels, at * 3);
        }
    }

    private RgbImage Develop()
    {
        var image = new RgbImage(size, size);
        float light = draws.Range(0, 0.3f), noise = draws.Range(0, 0.05f), level = draws.Range(0.85f, 1.12f);
        (float dx, float dy) = Direction();
        for (int i = 0; i < _pixels.Length; i++)
        {
            int x = i / 3 % size, y = i / 3 / size;
            float slope = ((float)x / size - 0.5f) * dx + ((float)y / size - 0.5f) * dy;
            float grain = noise * (draws.Range(-0.5f, 0.5f) + draws.Range(-0.5f, 0.5f));
            float value = _pixels[i] * level * (1 + light * slope) + grain;
            image.Pixels[i] = (byte)(Math.Clamp(value, 0, 1) * 255 + 0.5f);
        }

        return image;
    }

    private (float X, float Y) Direction()
    {
        (float sin, float cos) = MathF.SinCos(draws.Range(0, 2 * MathF.PI));
        return (cos, sin);
    }

    // Two box blurs each way.
    private float[] Blur(byte[] coverage, int radius)
    {
        float[] values = Array.ConvertAll(coverage, c => c / 255f), next = new float[values.Length];
        for (int pass = 0; pass < 4; pass++)
        {
            int step = pass % 2 == 0 ? 1 : size, across = pass % 2 == 0 ? size : 1;
            for (int line = 0; line < size; line++)
                for (int i = 0; i < size; i++)
                {
                    float sum = 0;
                    for (int k = i - radius; k <= i + radius; k++)
                        sum += values[line * across + Math.Clamp(k, 0, size - 1) * step];
                    next[line * across + i * step] = sum / (2 * radius + 1);
                }

            (values, next) = (next, values);
        }

        return values;
    }
}
