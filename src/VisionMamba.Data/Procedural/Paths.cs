using SkiaSharp;

namespace VisionMamba.Data.Procedural;

/// <summary>Builds and combines paths; y points down, as on a picture.</summary>
internal static class Paths
{
    /// <summary>A path from SVG path data in hundredths of the unit square.</summary>
    public static SKPath Svg(FormattableString data)
    {
        // Numbers need the invariant culture: a decimal comma would be read as a separator.
        string text = FormattableString.Invariant(data);
        using SKPath path = SKPath.ParseSvgPathData(text)
            ?? throw new ArgumentException($"not SVG path data: {text}", nameof(data));
        return Moved(path, SKMatrix.CreateScale(0.01f, 0.01f));
    }

    public static SKPath Circle(float x, float y, float radius)
    {
        using var builder = new SKPathBuilder();
        builder.AddCircle(x, y, radius);
        return builder.Detach();
    }

    public static SKPath Box(float left, float top, float right, float bottom)
    {
        using var builder = new SKPathBuilder();
        builder.AddRect(new SKRect(left, top, right, bottom));
        return builder.Detach();
    }

    public static SKPath Line(IEnumerable<SKPoint> points, bool close)
    {
        using var builder = new SKPathBuilder();
        builder.AddPoly(points.ToArray(), close);
        return builder.Detach();
    }

    /// <summary>A polygon; corner i lies <paramref name="radius"/>(i) from the middle, the first on top.</summary>
    public static SKPath Radial(int corners, Func<int, float> radius) =>
        Line(Enumerable.Range(0, corners).Select(i => Polar(radius(i), i / (float)corners)), close: true);

    /// <summary>The point at <paramref name="turn"/> (0 = top, clockwise) about the unit square's middle.</summary>
    public static SKPoint Polar(float radius, float turn)
    {
        (float sin, float cos) = MathF.SinCos(turn * 2 * MathF.PI);
        return new SKPoint(0.5f + radius * sin, 0.5f - radius * cos);
    }

    /// <summary>The area that a round pen of this width covers along the line; disposes the line.</summary>
    public static SKPath Thick(SKPath line, float width)
    {
        using var paint = new SKPaint
        {
            Style = SKPaintStyle.Stroke,
            StrokeWidth = width,
            StrokeCap = SKStrokeCap.Round,
            StrokeJoin = SKStrokeJoin.Round,
        };
        // Curves are flattened for a unit square magnified to a picture of about a thousand pixels.
        SKPath area = paint.GetFillPath(line, SKMatrix.CreateScale(1000, 1000))
            ?? throw new InvalidOperationException("the stroke has no area");
        line.Dispose();
        return area;
    }

    public static SKPath Moved(SKPath path, SKMatrix matrix)
    {
        var moved = new SKPath();
        path.Transform(in matrix, moved);
        return moved;
    }

    /// <summary>All parts as separate contours of one path; disposes its parts.</summary>
    public static SKPath Joined(IEnumerable<SKPath> parts)
    {
        using var builder = new SKPathBuilder();
        foreach (SKPath part in parts)
        {
            builder.AddPath(part);
            part.Dispose();
        }

        return builder.Detach();
    }
}
