using SkiaSharp;

namespace VisionMamba.Data.Procedural;

/// <summary>
/// A figure in the unit square: everything that a part covers and no hole does. The parts stay separate paths and are
/// united when they are painted, because Skia's boolean operations on curves lose pieces now and then without an error.
/// </summary>
internal sealed class Shape : IDisposable
{
    public required SKPath[] Parts { get; init; }

    public SKPath[] Holes { get; init; } = [];

    /// <summary>What to draw where the figure is only outlined, if that is not the rim of its area.</summary>
    public SKPath? Line { get; init; }

    public static implicit operator Shape(SKPath part) => new() { Parts = [part] };

    public bool Contains(float x, float y) =>
        Parts.Any(part => part.Contains(x, y)) && !Holes.Any(hole => hole.Contains(x, y));

    public Shape Moved(SKMatrix matrix) => new()
    {
        Parts = [.. Parts.Select(part => Paths.Moved(part, matrix))],
        Holes = [.. Holes.Select(hole => Paths.Moved(hole, matrix))],
        Line = Line is null ? null : Paths.Moved(Line, matrix),
    };

    /// <summary>The smallest box around all parts.</summary>
    public SKRect Bounds() => Parts.Select(part => part.ComputeTightBounds()).Aggregate(SKRect.Union);

    public void Dispose()
    {
        foreach (SKPath path in Parts.Concat(Holes))
            path.Dispose();
        Line?.Dispose();
    }
}

/// <summary>Builds one example of a class of shapes; the draws vary its proportions.</summary>
internal delegate Shape ShapeBuilder(ref Draws draws);
