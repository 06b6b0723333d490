using SkiaSharp;

namespace VisionMamba.Data.Procedural;

/// <summary>How a figure is painted.</summary>
internal enum ShapeStyle
{
    /// <summary>The area in one colour.</summary>
    Filled,

    /// <summary>The area and a rim in a second colour.</summary>
    FilledWithRim,

    /// <summary>The outline alone.</summary>
    Outlined,
}

/// <summary>Paints shapes in pixel coordinates; unions and holes are made by blending in a layer.</summary>
internal static class ShapePainter
{
    public static void Paint(SKCanvas canvas, Shape shape, ShapeStyle style, Palette palette, float width)
    {
        canvas.SaveLayer();
        switch (style)
        {
            case ShapeStyle.Filled:
                Fill(canvas, shape.Parts, palette.Figure);
                Fill(canvas, shape.Holes, SKColors.Black, SKBlendMode.DstOut);
                break;
            case ShapeStyle.FilledWithRim:
                Stroke(canvas, shape.Parts, palette.Rim, 0.75f * width);
                Fill(canvas, shape.Parts, palette.Figure);
                Stroke(canvas, shape.Holes, palette.Rim, 0.75f * width, SKBlendMode.SrcATop);
                Fill(canvas, shape.Holes, SKColors.Black, SKBlendMode.DstOut);
                break;
            case ShapeStyle.Outlined when shape.Line is not null:
                Stroke(canvas, [shape.Line], palette.Figure, width);
                break;
            default:
                Outline(canvas, shape, palette.Figure, width);
                break;
        }

        canvas.Restore();
    }

    /// <summary>
    /// The rim of the union of the parts, just outside of it, and the rims of the holes where they cut a part:
    /// (stroke(parts) - parts - holes) + (stroke(holes) - holes) * parts. Strokes lie half outside, hence 2 width.
    /// </summary>
    private static void Outline(SKCanvas canvas, Shape shape, SKColor colour, float width)
    {
        Stroke(canvas, shape.Parts, colour, 2 * width);
        Fill(canvas, shape.Parts, SKColors.Black, SKBlendMode.DstOut);
        Fill(canvas, shape.Holes, SKColors.Black, SKBlendMode.DstOut);
        if (shape.Holes.Length == 0)
            return;

        canvas.SaveLayer();
        Stroke(canvas, shape.Holes, colour, 2 * width);
        Fill(canvas, shape.Holes, SKColors.Black, SKBlendMode.DstOut);
        using (var keep = new SKPaint { BlendMode = SKBlendMode.DstIn })
            canvas.SaveLayer(keep);
        Fill(canvas, shape.Parts, SKColors.Black);
        canvas.Restore();
        canvas.Restore();
    }

    private static void Fill(
        SKCanvas canvas, SKPath[] paths, SKColor colour, SKBlendMode blend = SKBlendMode.SrcOver)
    {
        using var paint = new SKPaint { IsAntialias = true, Color = colour, BlendMode = blend };
        foreach (SKPath path in paths)
            canvas.DrawPath(path, paint);
    }

    private static void Stroke(
        SKCanvas canvas, SKPath[] paths, SKColor colour, float width, SKBlendMode blend = SKBlendMode.SrcOver)
    {
        using var paint = new SKPaint
        {
            IsAntialias = true,
            Color = colour,
            BlendMode = blend,
            Style = SKPaintStyle.Stroke,
            StrokeWidth = width,
            StrokeJoin = SKStrokeJoin.Round,
            StrokeCap = SKStrokeCap.Round,
        };
        foreach (SKPath path in paths)
            canvas.DrawPath(path, paint);
    }
}
