using SkiaSharp;
using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Procedural;

/// <summary>
/// Rendered tasks in the spirit of VTAB's structured group (Zhai et al., arXiv 1910.04867): the class is how many
/// figures there are, how far apart two are, where one points or where it lies; all else is random.
/// </summary>
public static class StructuredPictures
{
    private const int MostFigures = 6, Distances = 6, Directions = 8, Columns = 3, CountCells = 4;

    // Nearest and farthest bounds of the distance between two centres, in sides of the picture.
    private const float Nearest = 0.2f, Farthest = 0.8f;

    private static readonly ShapeBuilder[] Figures =
    [
        GeometricShapes.Circle, GeometricShapes.Square, GeometricShapes.Triangle, GeometricShapes.Star,
        GeometricShapes.Cross, GeometricShapes.Hexagon, GeometricShapes.Heart,
    ];

    /// <summary>count, distance, orientation and location.</summary>
    public static IReadOnlyList<string> Tasks { get; } = ["count", "distance", "orientation", "location"];

    /// <summary>The classes of a task, in the order of what they measure.</summary>
    /// <exception cref="VisionMambaException">There is no such task.</exception>
    public static IReadOnlyList<string> Classes(string task) => task switch
    {
        "count" => Names(MostFigures, i => $"{i + 1}"),
        "distance" => Names(Distances, i => $"{Bound(i):F1}-{Bound(i + 1):F1}"),
        "orientation" => Names(Directions, i => $"{i * 360 / Directions:D3}"),
        "location" => Names(Columns * Columns, i => $"row{(i / Columns) + 1}-column{(i % Columns) + 1}"),
        _ => throw new VisionMambaException(
            $"no structured task is called '{task}'; choose one of {string.Join(", ", Tasks)}"),
    };

    /// <summary>A picture of <paramref name="size"/> pixels a side of class <paramref name="label"/>.</summary>
    public static RgbImage Render(string task, int label, int size, Rng rng)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 16);
        IReadOnlyList<Placed> figures = Layout(task, label, rng);
        var draws = new Draws(rng.Derive(2));
        Palette ground = Palette.Draw(ref draws);
        using SKSurface surface = SkiaPictures.Surface(size, size);
        surface.Canvas.Clear(ground.Near);
        foreach (Placed figure in figures)
        {
            ShapeBuilder build = task == "orientation"
                ? GeometricShapes.Arrow : Figures[draws.Integer(0, Figures.Length - 1)];
            using Shape shape = build(ref draws);
            using Shape moved = shape.Moved(figure.Matrix(size));
            ShapePainter.Paint(
                surface.Canvas, moved, draws.Chance(0.5f) ? ShapeStyle.Filled : ShapeStyle.FilledWithRim, ground,
                0.02f * size);
        }

        RgbImage picture = SkiaPictures.FromSkia(surface);
        Grain.Apply(picture, rng.Derive(3));
        return picture;
    }

    /// <summary>Where the figures of a picture lie; decides its label by construction.</summary>
    internal static IReadOnlyList<Placed> Layout(string task, int label, Rng rng)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)label, (uint)Classes(task).Count, nameof(label));
        var draws = new Draws(rng.Derive(1));
        return task switch
        {
            "count" => Counted(label + 1, rng, ref draws),
            "distance" => Apart(draws.Between(Bound(label) + 0.01f, Bound(label + 1) - 0.01f), ref draws),
            "orientation" => [Pointing(label, ref draws)],
            _ => [Located(label, ref draws)],
        };
    }

    // Distinct cells, so that figures never touch; sizes vary so that the area does not give the number away.
    private static Placed[] Counted(int count, Rng rng, ref Draws draws)
    {
        int[] cells = rng.Derive(4).Permutation(CountCells * CountCells);
        var placed = new Placed[count];
        for (int i = 0; i < count; i++)
        {
            float side = draws.Between(0.11f, 0.2f), room = (1f / CountCells - side - 0.02f) / 2;
            placed[i] = new Placed(
                (cells[i] % CountCells + 0.5f) / CountCells + draws.Between(-room, room),
                (cells[i] / CountCells + 0.5f) / CountCells + draws.Between(-room, room), side, 0);
        }

        return placed;
    }

    private static Placed[] Apart(float distance, ref Draws draws)
    {
        const float margin = 0.09f;
        while (true)
        {
            (float sin, float cos) = MathF.SinCos(draws.Between(0, 2 * MathF.PI));
            float x = draws.Between(margin, 1 - margin), y = draws.Between(margin, 1 - margin);
            float u = x + distance * cos, v = y + distance * sin;
            if (Math.Min(u, v) >= margin && Math.Max(u, v) <= 1 - margin)
                return [new(x, y, draws.Between(0.1f, 0.16f), 0), new(u, v, draws.Between(0.1f, 0.16f), 0)];
        }
    }

    private static Placed Pointing(int label, ref Draws draws)
    {
        float side = draws.Between(0.3f, 0.55f), angle = label * 360f / Directions + draws.Between(-14, 14);
        float room = (0.98f - side) / 2;
        return new Placed(0.5f + draws.Between(-room, room), 0.5f + draws.Between(-room, room), side, angle);
    }

    private static Placed Located(int label, ref Draws draws)
    {
        float side = draws.Between(0.1f, 0.2f), room = 0.5f / Columns - 0.02f;
        float x = (label % Columns + 0.5f) / Columns + draws.Between(-room, room);
        float y = (label / Columns + 0.5f) / Columns + draws.Between(-room, room);
        return new Placed(Math.Clamp(x, side / 2, 1 - side / 2), Math.Clamp(y, side / 2, 1 - side / 2), side, 0);
    }

    private static float Bound(int i) => Nearest + (Farthest - Nearest) * i / Distances;

    private static string[] Names(int count, Func<int, FormattableString> name) =>
        [.. Enumerable.Range(0, count).Select(i => FormattableString.Invariant(name(i)))];
}

/// <summary>A figure's centre, side (shares of the picture) and turn in degrees, clockwise.</summary>
internal readonly record struct Placed(float X, float Y, float Side, float Angle)
{
    /// <summary>From the unit square to the pixels of a picture.</summary>
    public SKMatrix Matrix(int size) => SKMatrix.CreateTranslation(-0.5f, -0.5f)
        .PostConcat(SKMatrix.CreateScale(Side * size, Side * size))
        .PostConcat(SKMatrix.CreateRotationDegrees(Angle))
        .PostConcat(SKMatrix.CreateTranslation(X * size, Y * size));
}
