using SkiaSharp;

namespace VisionMamba.Data.Procedural;

/// <summary>A figure in the unit square: the area to fill and the line to draw where it is only outlined.</summary>
internal sealed class Shape(SKPath area, SKPath? line = null) : IDisposable
{
    public SKPath Area { get; } = area;

    /// <summary>The rim of the area, or the centre line where the figure is itself a line.</summary>
    public SKPath Line { get; } = line ?? area;

    public static implicit operator Shape(SKPath area) => new(area);

    public void Dispose()
    {
        Area.Dispose();
        Line.Dispose();
    }
}

/// <summary>Builds one example of a class of shapes; the draws vary its proportions.</summary>
internal delegate Shape ShapeBuilder(ref Draws draws);
