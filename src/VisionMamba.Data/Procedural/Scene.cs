using SkiaSharp;

namespace VisionMamba.Data.Procedural;

/// <summary>Draws a figure into a picture; everything here is distributed alike for every class.</summary>
internal static class Scene
{
    public static void Draw(SKCanvas canvas, int size, Shape shape, ref Draws draws)
    {
        Palette palette = Palette.Draw(ref draws);
        DrawGround(canvas, size, palette, ref draws);
        DrawBlobs(canvas, size, ref draws);
        SKMatrix pose = Pose(shape, ref draws, out float extent);
        SKMatrix toPixels = SKMatrix.CreateScale(size, size).PreConcat(pose);
        using Shape figure = shape.Moved(toPixels);
        DrawFigure(canvas, figure, palette, extent * size, ref draws);
        DrawLight(canvas, size, ref draws);
    }

    /// <summary>A random flip, skew, rotation, scale and position inside the unit square.</summary>
    private static SKMatrix Pose(Shape shape, ref Draws draws, out float extent)
    {
        SKMatrix turn = SKMatrix.CreateRotationDegrees(draws.Between(-25, 25))
            .PreConcat(SKMatrix.CreateSkew(draws.Between(-0.12f, 0.12f), 0))
            .PreConcat(SKMatrix.CreateScale(draws.Sign() * draws.Between(0.9f, 1.1f), draws.Between(0.9f, 1.1f)));
        using Shape turned = shape.Moved(turn);
        SKRect bounds = turned.Bounds();
        extent = draws.Between(0.45f, 0.85f);
        float scale = extent / Math.Max(bounds.Width, bounds.Height);
        // An outline lies outside of the area; the widest takes 0.07 of the extent.
        float margin = 0.075f * extent, room = 1 - 2 * margin;
        float left = margin + (room - bounds.Width * scale) * draws.Between(0, 1);
        float top = margin + (room - bounds.Height * scale) * draws.Between(0, 1);
        return SKMatrix.CreateTranslation(left - bounds.Left * scale, top - bounds.Top * scale)
            .PreConcat(SKMatrix.CreateScale(scale, scale))
            .PreConcat(turn);
    }

    private static void DrawGround(SKCanvas canvas, int size, Palette palette, ref Draws draws)
    {
        using SKShader shader = Gradient(size, [palette.Near, palette.Far], ref draws);
        using var paint = new SKPaint { Shader = shader };
        canvas.DrawPaint(paint);
    }

    /// <summary>One or two small round stains behind the figure.</summary>
    private static void DrawBlobs(SKCanvas canvas, int size, ref Draws draws)
    {
        int count = draws.Integer(1, 2);
        for (int i = 0; i < count; i++)
        {
            float x = draws.Between(0.05f, 0.95f), y = draws.Between(0.05f, 0.95f);
            float width = draws.Between(0.03f, 0.065f), height = draws.Between(0.03f, 0.065f);
            using var paint = new SKPaint { IsAntialias = true, Color = Palette.DrawColour(ref draws).WithAlpha(200) };
            canvas.DrawOval(x * size, y * size, width * size, height * size, paint);
        }
    }

    private static void DrawFigure(SKCanvas canvas, Shape figure, Palette palette, float extent, ref Draws draws)
    {
        float kind = draws.Between(0, 1), width = Math.Max(1.2f, draws.Between(0.05f, 0.07f) * extent);
        ShapeStyle style = kind switch
        {
            < 0.55f => ShapeStyle.Filled,
            < 0.75f => ShapeStyle.FilledWithRim,
            _ => ShapeStyle.Outlined,
        };
        using SKImageFilter? shadow = Shadow(extent, ref draws);
        using var layer = new SKPaint { ImageFilter = shadow };
        canvas.SaveLayer(layer);
        ShapePainter.Paint(canvas, figure, style, palette, width);
        canvas.Restore();
    }

    /// <summary>A soft shadow below the figure, in every second picture.</summary>
    private static SKImageFilter? Shadow(float extent, ref Draws draws)
    {
        float x = draws.Between(-0.05f, 0.05f) * extent, y = draws.Between(0.01f, 0.06f) * extent;
        float blur = draws.Between(0.015f, 0.04f) * extent, strength = draws.Between(0.15f, 0.45f);
        SKColor colour = SKColors.Black.WithAlpha((byte)(255 * strength));
        return draws.Chance(0.5f) ? SKImageFilter.CreateDropShadow(x, y, blur, blur, colour) : null;
    }

    /// <summary>Light from one side over the whole picture: up to a sixth brighter there, darker opposite.</summary>
    private static void DrawLight(SKCanvas canvas, int size, ref Draws draws)
    {
        byte strength = (byte)draws.Between(0, 42);
        SKColor[] ends = [SKColors.White.WithAlpha(strength), SKColors.Transparent, SKColors.Black.WithAlpha(strength)];
        using SKShader shader = Gradient(size, ends, ref draws);
        using var paint = new SKPaint { Shader = shader };
        canvas.DrawPaint(paint);
    }

    /// <summary>A gradient across the picture in a random direction.</summary>
    private static SKShader Gradient(int size, SKColor[] colours, ref Draws draws)
    {
        (float sin, float cos) = MathF.SinCos(draws.Between(0, 2 * MathF.PI));
        var middle = new SKPoint(size / 2f, size / 2f);
        var reach = new SKPoint(cos * size * 0.6f, sin * size * 0.6f);
        return SKShader.CreateLinearGradient(middle - reach, middle + reach, colours, null, SKShaderTileMode.Clamp);
    }
}
