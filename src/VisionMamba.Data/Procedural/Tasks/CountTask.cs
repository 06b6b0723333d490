using System.Globalization;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Procedural.Tasks;

/// <summary>
/// How many figures are there, 1 to 8? Thin strokes do not count. Figures do not touch; their size varies from picture
/// to picture as much as within one, so that the painted area tells little.
/// </summary>
internal sealed class CountTask : StructuredTask
{
    private const int Most = 8;

    /// <inheritdoc/>
    public override string Name => "count";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Classes { get; } =
        [.. Enumerable.Range(1, Most).Select(n => n.ToString(CultureInfo.InvariantCulture))];

    /// <inheritdoc/>
    public override int Answer(TaskScene scene) => scene.Targets.Count() - 1;

    /// <inheritdoc/>
    public override TaskScene Compose(int label, Rng rng)
    {
        var draws = new Draws(rng);
        float scale = draws.Between(0.65f, 1.25f);
        // Crowded scenes may not fit at once; they then begin again a little smaller.
        for (; ; scale *= 0.95f)
        {
            if (Try(label + 1, scale, ref draws) is { } scene)
                return scene;
        }
    }

    private static TaskScene? Try(int count, float scale, ref Draws draws)
    {
        var figures = new List<SceneFigure>();
        for (int i = 0; i < count; i++)
        {
            var figure = new SceneFigure(
                OneOf(SceneShapes.Plain, ref draws), 0, 0, scale * draws.Between(0.13f, 0.24f), draws.Between(0, 360),
                0, FigureRole.Target);
            if (Place(figure, figures, 0.01f, ref draws) is not { } placed)
                return null;
            figures.Add(placed);
        }

        AddStrokes(draws.Integer(1, 5), figures, ref draws);

        return new TaskScene(figures);
    }
}
