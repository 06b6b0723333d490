using SkiaSharp;

namespace VisionMamba.Data.Procedural;

/// <summary>The plain geometric classes: one builder each, in the unit square.</summary>
internal static class GeometricShapes
{
    public static Shape Circle(ref Draws draws) => Paths.Circle(0.5f, 0.5f, 0.48f);

    public static Shape Square(ref Draws draws) => Paths.Box(0.05f, 0.05f, 0.95f, 0.95f);

    public static Shape Triangle(ref Draws draws)
    {
        float apex = draws.Between(0.35f, 0.65f);
        return Paths.Line([new(apex, 0.06f), new(0.97f, 0.92f), new(0.03f, 0.92f)], close: true);
    }

    public static Shape Star(ref Draws draws)
    {
        float inner = draws.Between(0.19f, 0.25f);
        return Paths.Radial(10, i => i % 2 == 0 ? 0.5f : inner);
    }

    public static Shape Cross(ref Draws draws)
    {
        float half = draws.Between(0.12f, 0.18f);
        SKPath upright = Paths.Box(0.5f - half, 0.03f, 0.5f + half, 0.97f);
        return new Shape { Parts = [upright, Paths.Box(0.03f, 0.5f - half, 0.97f, 0.5f + half)] };
    }

    // The band is at least twice as wide as any outline, so that a ring is no outlined circle.
    public static Shape Ring(ref Draws draws) => new()
    {
        Parts = [Paths.Circle(0.5f, 0.5f, 0.48f)],
        Holes = [Paths.Circle(0.5f, 0.5f, draws.Between(0.22f, 0.29f))],
    };

    public static Shape Crescent(ref Draws draws) => new()
    {
        Parts = [Paths.Circle(0.5f, 0.5f, 0.48f)],
        Holes = [Paths.Circle(draws.Between(0.72f, 0.78f), draws.Between(0.42f, 0.5f), 0.42f)],
    };

    public static Shape Heart(ref Draws draws) => Paths.Svg($"""
        M50 94 C22 72 3 54 3 31 C3 15 14 6 27 6 C38 6 46 13 50 24
        C54 13 62 6 73 6 C86 6 97 15 97 31 C97 54 78 72 50 94 Z
        """);

    public static Shape Arrow(ref Draws draws)
    {
        float half = draws.Between(0.09f, 0.13f), neck = draws.Between(0.5f, 0.6f), barb = draws.Between(0.28f, 0.34f);
        float top = 0.5f - half, bottom = 0.5f + half;
        SKPoint[] corners =
        [
            new(0.03f, top), new(neck, top), new(neck, 0.5f - barb), new(0.97f, 0.5f),
            new(neck, 0.5f + barb), new(neck, bottom), new(0.03f, bottom),
        ];
        return Paths.Line(corners, close: true);
    }

    public static Shape Hexagon(ref Draws draws) => Paths.Radial(6, _ => 0.5f);

    public static Shape Gear(ref Draws draws)
    {
        int teeth = draws.Integer(7, 9);
        float root = draws.Between(0.35f, 0.38f);
        // A tooth takes four corners of the circle: two on the rim, two at the root.
        SKPath wheel = Paths.Radial(teeth * 4, i => i % 4 < 2 ? 0.49f : root);
        return new Shape { Parts = [wheel], Holes = [Paths.Circle(0.5f, 0.5f, draws.Between(0.14f, 0.18f))] };
    }
}
