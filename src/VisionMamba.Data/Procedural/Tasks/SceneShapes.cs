using System.Collections.Frozen;
using SkiaSharp;

namespace VisionMamba.Data.Procedural.Tasks;

/// <summary>The shapes of the structured tasks' figures by name.</summary>
internal static class SceneShapes
{
    private static readonly FrozenDictionary<string, ShapeBuilder> s_builders = new Dictionary<string, ShapeBuilder>
    {
        ["circle"] = GeometricShapes.Circle,
        ["square"] = GeometricShapes.Square,
        ["triangle"] = GeometricShapes.Triangle,
        ["star"] = GeometricShapes.Star,
        ["cross"] = GeometricShapes.Cross,
        ["ring"] = GeometricShapes.Ring,
        ["heart"] = GeometricShapes.Heart,
        ["hexagon"] = GeometricShapes.Hexagon,
        ["arrow"] = GeometricShapes.Arrow,
        ["tree"] = Pictograms.Tree,
        ["house"] = Pictograms.House,
        ["dart"] = Dart,
        ["drop"] = Drop,
        ["wedge"] = Wedge,
        ["line"] = (ref Draws _) => Paths.Box(0, 0.47f, 1, 0.53f),
    }.ToFrozenDictionary();

    /// <summary>Closed shapes without a direction.</summary>
    public static IReadOnlyList<string> Plain { get; } =
        ["circle", "square", "triangle", "star", "cross", "heart", "hexagon"];

    /// <summary>Shapes that point to the right at heading 0.</summary>
    public static IReadOnlyList<string> Pointed { get; } = ["arrow", "dart", "drop", "wedge"];

    /// <summary>Shapes that can stand on the ground.</summary>
    public static IReadOnlyList<string> Standing { get; } = ["house", "tree", "square", "triangle", "hexagon"];

    /// <summary>One example of the shape, in the unit square.</summary>
    public static Shape Build(string name, ref Draws draws) => s_builders[name](ref draws);

    /// <summary>An arrowhead with a notch.</summary>
    private static Shape Dart(ref Draws draws)
    {
        float notch = draws.Between(0.22f, 0.34f);
        return Paths.Line([new(0.98f, 0.5f), new(0.04f, 0.92f), new(notch, 0.5f), new(0.04f, 0.08f)], close: true);
    }

    /// <summary>A drop whose tip is to the right.</summary>
    private static Shape Drop(ref Draws draws)
    {
        float radius = draws.Between(0.27f, 0.33f), middle = 0.03f + radius;
        SKPath tip = Paths.Line(
            [new(middle, 0.5f - radius), new(0.99f, 0.5f), new(middle, 0.5f + radius)], close: true);
        return new Shape { Parts = [Paths.Circle(middle, 0.5f, radius), tip] };
    }

    /// <summary>A long triangle.</summary>
    private static Shape Wedge(ref Draws draws)
    {
        float half = draws.Between(0.22f, 0.3f);
        return Paths.Line([new(0.99f, 0.5f), new(0.03f, 0.5f + half), new(0.03f, 0.5f - half)], close: true);
    }
}
