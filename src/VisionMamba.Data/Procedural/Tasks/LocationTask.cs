using VisionMamba.Tensors;

namespace VisionMamba.Data.Procedural.Tasks;

/// <summary>
/// In which of 4 x 4 cells is the middle of the one figure? Thin strokes lie about; the middle keeps away from the
/// cells' borders.
/// </summary>
internal sealed class LocationTask : StructuredTask
{
    private const int Side = 4;
    private const float Border = 0.025f;

    /// <inheritdoc/>
    public override string Name => "location";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Classes { get; } = [.. Enumerable.Range(0, Side * Side)
        .Select(cell => $"row {cell / Side + 1} column {cell % Side + 1}")];

    /// <inheritdoc/>
    public override int Answer(TaskScene scene)
    {
        SceneFigure target = scene.Targets.Single();
        return (int)(target.Y * Side) * Side + (int)(target.X * Side);
    }

    /// <inheritdoc/>
    public override TaskScene Compose(int label, Rng rng)
    {
        var draws = new Draws(rng);
        float size = draws.Between(0.16f, 0.28f);
        float x = Inside(label % Side, size, ref draws), y = Inside(label / Side, size, ref draws);
        var figures = new List<SceneFigure>
        {
            new(OneOf(SceneShapes.Plain, ref draws), x, y, size, draws.Between(0, 360), 0, FigureRole.Target),
        };
        AddStrokes(draws.Integer(1, 4), figures, ref draws);

        return new TaskScene(figures);
    }

    /// <summary>A place in the cell, such that the whole figure is inside the picture.</summary>
    private static float Inside(int cell, float size, ref Draws draws)
    {
        float low = Math.Max((float)cell / Side + Border, 0.6f * size), high = Math.Min(
            (cell + 1f) / Side - Border, 1 - 0.6f * size);
        return draws.Between(low, high);
    }
}
