using SkiaSharp;

namespace VisionMamba.Data.Procedural;

/// <summary>The classes made of repeated parts or of a winding line: one builder each, in the unit square.</summary>
internal static class PatternShapes
{
    public static Shape Stripes(ref Draws draws)
    {
        int count = draws.Integer(3, 4);
        float pitch = 0.96f / (count - 0.45f);
        return Paths.Joined(Enumerable.Range(0, count)
            .Select(i => Paths.Box(0.02f, 0.02f + i * pitch, 0.98f, 0.02f + (i + 0.55f) * pitch)));
    }

    public static Shape Checker(ref Draws draws)
    {
        int count = draws.Integer(4, 5);
        float side = 1f / count;
        return Paths.Joined(Enumerable.Range(0, count * count)
            .Select(i => (Row: i / count, Column: i % count))
            .Where(cell => (cell.Row + cell.Column) % 2 == 0)
            .Select(cell => Paths.Box(cell.Column * side, cell.Row * side, (cell.Column + 1) * side,
                (cell.Row + 1) * side)));
    }

    public static Shape Dots(ref Draws draws)
    {
        const int rows = 3;
        int columns = draws.Integer(2, 3);
        float radius = draws.Between(0.1f, 0.13f);
        return Paths.Joined(Enumerable.Range(0, rows * columns)
            .Select(i => Paths.Circle(0.15f + i % columns * 0.35f, 0.15f + i / columns * 0.35f, radius)));
    }

    public static Shape Spiral(ref Draws draws)
    {
        float turns = draws.Between(2f, 2.5f), start = draws.Between(0f, 1f);
        const int steps = 120;
        SKPath line = Paths.Line(Enumerable.Range(0, steps + 1).Select(i => i / (float)steps)
            .Select(t => Paths.Polar(0.03f + 0.42f * t, start + turns * t)), close: false);
        return new Shape { Parts = [Paths.Thick(new SKPath(line), 0.095f)], Line = line };
    }

    public static Shape Zigzag(ref Draws draws)
    {
        int strokes = draws.Integer(4, 6);
        float height = draws.Between(0.36f, 0.5f), first = draws.Sign();
        SKPath line = Paths.Line(Enumerable.Range(0, strokes + 1).Select(i => new SKPoint(
            0.06f + 0.88f * i / strokes, 0.5f + first * (i % 2 == 0 ? 0.5f : -0.5f) * height)), close: false);
        return new Shape { Parts = [Paths.Thick(new SKPath(line), 0.11f)], Line = line };
    }
}
