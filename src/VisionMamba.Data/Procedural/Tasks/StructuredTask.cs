using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Procedural.Tasks;

/// <summary>
/// A question about the arrangement of a picture, in the spirit of VTAB's structured group (Zhai et al., arXiv
/// 1910.04867): the scene is drawn first, so that the answer is known from its description.
/// </summary>
internal abstract class StructuredTask
{
    /// <summary>All tasks.</summary>
    public static IReadOnlyList<StructuredTask> All { get; } =
        [new CountTask(), new DistanceTask(), new OrientationTask(), new LocationTask()];

    /// <summary>Its name, e.g. "count".</summary>
    public abstract string Name { get; }

    /// <summary>The possible answers.</summary>
    public abstract IReadOnlyList<string> Classes { get; }

    /// <summary>A scene whose answer is <paramref name="label"/>.</summary>
    public abstract TaskScene Compose(int label, Rng rng);

    /// <summary>The answer, from the description alone.</summary>
    public abstract int Answer(TaskScene scene);

    /// <summary>
    /// A square picture of <paramref name="size"/> pixels (16 or more) whose answer is <paramref name="label"/>; equal
    /// for equal generators. Calls from several threads are independent.
    /// </summary>
    public RgbImage Render(int label, int size, Rng rng) =>
        ScenePainter.Render(Compose(label, rng.Derive(1)), size, rng.Derive(2));

    /// <summary>One of <paramref name="names"/>.</summary>
    protected static string OneOf(IReadOnlyList<string> names, ref Draws draws) =>
        names[draws.Integer(0, names.Count - 1)];

    /// <summary>
    /// Tries places for a figure until it clears all others; null after many tries. Its circle stays inside the
    /// picture.
    /// </summary>
    protected static SceneFigure? Place(
        SceneFigure figure, IReadOnlyList<SceneFigure> others, float gap, ref Draws draws)
    {
        float margin = Math.Min(figure.Reach + 0.01f, 0.5f);
        for (int attempt = 0; attempt < 60; attempt++)
        {
            float x = draws.Between(margin, 1 - margin), y = draws.Between(margin, 1 - margin);
            SceneFigure placed = figure with { X = x, Y = y };
            if (others.All(other => placed.Clears(other, gap)))
                return placed;
        }

        return null;
    }

    /// <summary>
    /// Adds thin strokes where there is room: they may cross each other but not the figures.
    /// </summary>
    protected static void AddStrokes(int count, List<SceneFigure> figures, ref Draws draws)
    {
        for (int i = 0; i < count; i++)
        {
            var line = new SceneFigure(
                "line", 0, 0, draws.Between(0.12f, 0.3f), draws.Between(0, 360), 0, FigureRole.Distractor);
            SceneFigure[] others = [.. figures.Where(f => f.Shape != "line")];
            if (Place(line, others, -0.3f * line.Reach, ref draws) is { } placed)
                figures.Add(placed);
        }
    }
}
