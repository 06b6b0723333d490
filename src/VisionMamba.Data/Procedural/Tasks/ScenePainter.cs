using SkiaSharp;
using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Procedural.Tasks;

/// <summary>
/// Paints scenes. Colours, light and texture are random and distributed alike for every answer; each figure has its own
/// stream, so that what one looks like does not depend on the others.
/// </summary>
internal static class ScenePainter
{
    private const ulong GroundStream = 1, LightStream = 2, GrainStream = 3, FigureStream = 16;

    /// <summary>A square picture of the scene, <paramref name="size"/> pixels (16 or more) a side.</summary>
    public static RgbImage Render(TaskScene scene, int size, Rng rng)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 16);
        using SKSurface surface = SkiaPictures.Surface(size, size);
        SKCanvas canvas = surface.Canvas;
        var draws = new Draws(rng.Derive(GroundStream));
        SceneColours colours = SceneColours.Draw(ref draws);
        SceneGround.Draw(canvas, size, scene, colours, ref draws);
        // Far to near; the order of the list where there is no depth.
        foreach (int i in Enumerable.Range(0, scene.Figures.Count).OrderByDescending(i => scene.Figures[i].Depth))
        {
            var own = new Draws(rng.Derive(FigureStream + (ulong)i));
            DrawFigure(canvas, size, scene.Figures[i], colours, ref own);
        }

        var light = new Draws(rng.Derive(LightStream));
        SceneGround.DrawLight(canvas, size, ref light);
        RgbImage picture = SkiaPictures.FromSkia(surface);
        Grain.Apply(picture, rng.Derive(GrainStream));
        return picture;
    }

    private static void DrawFigure(
        SKCanvas canvas, int size, SceneFigure figure, SceneColours colours, ref Draws draws)
    {
        if (figure.Size <= 0)
            return;
        using Shape shape = SceneShapes.Build(figure.Shape, ref draws);
        // Skia turns clockwise, y being down.
        SKMatrix pose = SKMatrix.CreateScale(size, size)
            .PreConcat(SKMatrix.CreateTranslation(figure.X, figure.Y))
            .PreConcat(SKMatrix.CreateRotationDegrees(-figure.Heading))
            .PreConcat(SKMatrix.CreateScale(figure.Size, figure.Size))
            .PreConcat(SKMatrix.CreateTranslation(-0.5f, -0.5f));
        if (figure.Depth > 0)
            DrawContact(canvas, size, figure);
        using Shape placed = shape.Moved(pose);
        bool filled = figure.Shape is "line" or "ring" || draws.Chance(0.7f);
        float width = Math.Max(1, 0.09f * figure.Size * size);
        ShapePainter.Paint(
            canvas, placed, filled ? ShapeStyle.Filled : ShapeStyle.FilledWithRim,
            colours.Figure(ref draws, faint: figure.Shape == "line"), width);
    }

    /// <summary>A dark spot where a thing stands on the ground.</summary>
    private static void DrawContact(SKCanvas canvas, int size, SceneFigure figure)
    {
        using var paint = new SKPaint { IsAntialias = true, Color = SKColors.Black.WithAlpha(70) };
        canvas.DrawOval(
            figure.X * size, (figure.Y + 0.44f * figure.Size) * size, 0.5f * figure.Size * size,
            0.07f * figure.Size * size, paint);
    }
}
