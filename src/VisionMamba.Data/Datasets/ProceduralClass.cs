using SkiaSharp;

namespace VisionMamba.Data.Datasets;

/// <summary>
/// A class of drawings. <paramref name="Draw"/> makes one with varied proportions, as SVG path data around the origin,
/// about 90 units to each side, y downwards.
/// </summary>
/// <param name="Draw">Makes the parts of one drawing.</param>
/// <param name="MaxTilt">Degrees it may be turned either way.</param>
/// <param name="Pattern">Fills the picture instead of standing in it.</param>
/// <param name="Solid">Never drawn as an outline, which would look like another class (a circle's is a ring).</param>
internal sealed record ProceduralClass(
    Func<RandomDraws, ProceduralParts> Draw, float MaxTilt, bool Pattern = false, bool Solid = false);

/// <summary>The parts of a drawing, each SVG path data or empty.</summary>
/// <param name="Body">Filled (even-odd), or outlined.</param>
/// <param name="Lines">Strokes of the body's colour, <paramref name="LineWidth"/> wide.</param>
/// <param name="LineWidth">In drawing units.</param>
/// <param name="Detail">Filled over the body in a second tone.</param>
internal sealed record ProceduralParts(string Body, string Lines = "", float LineWidth = 12, string Detail = "");

/// <summary>
/// Rasters the parts to 8-bit coverage. Skia does this in integers: no colour arithmetic of its is involved.
/// </summary>
internal sealed class ProceduralMask(int size, SKMatrix place)
{
    public byte[] Fill(string body, string lines, float lineWidth, bool outline, float outlineWidth)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(size, size, SKColorType.Alpha8, SKAlphaType.Premul));
        using var canvas = new SKCanvas(bitmap);
        using var paint = new SKPaint { IsAntialias = true, Color = SKColors.White };
        canvas.Clear(SKColors.Transparent);
        canvas.SetMatrix(place);
        paint.StrokeJoin = SKStrokeJoin.Round;
        paint.StrokeCap = SKStrokeCap.Round;
        Draw(canvas, paint, body, outline ? outlineWidth : 0);
        Draw(canvas, paint, lines, lineWidth);
        canvas.Flush();
        byte[] coverage = new byte[size * size];
        for (int y = 0; y < size; y++)
            bitmap.GetPixelSpan().Slice(y * bitmap.RowBytes, size).CopyTo(coverage.AsSpan(y * size));
        return coverage;
    }

    private static void Draw(SKCanvas canvas, SKPaint paint, string data, float width)
    {
        if (data.Length == 0)
            return;
        using SKPath path = SKPath.ParseSvgPathData(data)
            ?? throw new InvalidOperationException($"not SVG path data: {data}");
        path.FillType = SKPathFillType.EvenOdd;
        paint.Style = width > 0 ? SKPaintStyle.Stroke : SKPaintStyle.Fill;
        paint.StrokeWidth = width;
        canvas.DrawPath(path, paint);
    }
}
