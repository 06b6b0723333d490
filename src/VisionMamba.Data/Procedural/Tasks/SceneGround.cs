using SkiaSharp;

namespace VisionMamba.Data.Procedural.Tasks;

/// <summary>What is behind the figures: a gradient with hatching, or a plane under a sky; and light over all.</summary>
internal static class SceneGround
{
    public static void Draw(SKCanvas canvas, int size, TaskScene scene, SceneColours colours, ref Draws draws)
    {
        using SKShader shader = Gradient(size, [colours.Near, colours.Far], ref draws);
        using var paint = new SKPaint { Shader = shader };
        canvas.DrawPaint(paint);
        if (scene.Horizon is { } horizon)
            DrawPlane(canvas, size, horizon, scene.Camera, colours, ref draws);
        else
            DrawHatching(canvas, size, ref draws);
    }

    /// <summary>Light from one side: up to a seventh brighter there, darker opposite.</summary>
    public static void DrawLight(SKCanvas canvas, int size, ref Draws draws)
    {
        byte strength = (byte)draws.Between(0, 36);
        SKColor[] ends = [SKColors.White.WithAlpha(strength), SKColors.Transparent, SKColors.Black.WithAlpha(strength)];
        using SKShader shader = Gradient(size, ends, ref draws);
        using var paint = new SKPaint { Shader = shader };
        canvas.DrawPaint(paint);
    }

    /// <summary>Parallel lines or rows of dots, too faint to be taken for strokes.</summary>
    private static void DrawHatching(SKCanvas canvas, int size, ref Draws draws)
    {
        float pitch = draws.Between(0.045f, 0.11f) * size, turn = draws.Between(0, 180);
        bool dotted = draws.Chance(0.4f), light = draws.Chance(0.5f);
        byte strength = (byte)draws.Between(8, 30);
        using SKPathEffect? dots = dotted ? SKPathEffect.CreateDash([0.4f * pitch, 0.6f * pitch], 0) : null;
        using var paint = new SKPaint
        {
            IsAntialias = true,
            Style = SKPaintStyle.Stroke,
            StrokeWidth = 0.35f * pitch,
            PathEffect = dots,
            Color = (light ? SKColors.White : SKColors.Black).WithAlpha(strength),
        };
        canvas.Save();
        canvas.RotateDegrees(turn, size / 2f, size / 2f);
        for (float y = -0.25f * size; y < 1.25f * size; y += pitch)
            canvas.DrawLine(-0.25f * size, y, 1.25f * size, y, paint);
        canvas.Restore();
    }

    /// <summary>A sky above the horizon and seams of square tiles below; tiles are of any size, so they count
    /// nothing.</summary>
    private static void DrawPlane(
        SKCanvas canvas, int size, float horizon, float camera, SceneColours colours, ref Draws draws)
    {
        float above = Math.Clamp(colours.Brightness + draws.Between(0.05f, 0.12f) * draws.Sign(), 0.05f, 0.95f);
        using var sky = new SKPaint
        {
            Color = Palette.Colour(draws.Between(0.5f, 0.7f), draws.Between(0.05f, 0.5f), above),
        };
        canvas.DrawRect(0, 0, size, horizon * size, sky);
        float tile = draws.Between(0.35f, 0.8f), shift = draws.Between(0, 1), slant = draws.Between(-0.5f, 0.5f);
        using var seam = new SKPaint
        {
            IsAntialias = true,
            Style = SKPaintStyle.Stroke,
            StrokeWidth = Math.Max(0.6f, 0.008f * size),
            Color = (draws.Chance(0.5f) ? SKColors.White : SKColors.Black).WithAlpha((byte)draws.Between(18, 48)),
        };
        for (int row = 0; row < 24; row++)
        {
            float y = horizon + camera / (0.6f + tile * (row + shift));
            canvas.DrawLine(0, y * size, size, y * size, seam);
        }

        // All lines into the depth meet on the horizon; they begin below it, where they can be told apart.
        const float far = 0.12f;
        float vanishing = 0.5f + slant;
        for (int column = -12; column <= 12; column++)
        {
            float foot = vanishing + tile * (column + shift) * camera * 2;
            float start = vanishing + (foot - vanishing) * far / 2, top = horizon + camera * far;
            canvas.DrawLine(start * size, top * size, foot * size, (horizon + 2 * camera) * size, seam);
        }
    }

    private static SKShader Gradient(int size, SKColor[] colours, ref Draws draws)
    {
        (float sin, float cos) = MathF.SinCos(draws.Between(0, 2 * MathF.PI));
        var middle = new SKPoint(size / 2f, size / 2f);
        var reach = new SKPoint(cos * size * 0.6f, sin * size * 0.6f);
        return SKShader.CreateLinearGradient(middle - reach, middle + reach, colours, null, SKShaderTileMode.Clamp);
    }
}
