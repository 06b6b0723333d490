using VisionMamba.Tensors;

namespace VisionMamba.Data.Procedural.Tasks;

/// <summary>
/// In which of 4 x 4 cells is the middle of the bullseye? Rings, discs and other figures of its size lie about; the
/// middle keeps away from the cells' borders.
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
        float size = draws.Between(0.16f, 0.25f);
        float x = Inside(label % Side, size, ref draws), y = Inside(label / Side, size, ref draws);
        var figures = new List<SceneFigure>
        {
            new("bullseye", x, y, size, 0, 0, FigureRole.Target),
        };
        int distractors = draws.Integer(3, 6);
        for (int i = 0; i < distractors; i++)
        {
            var other = new SceneFigure(
                OneOf(["ring", "circle", "square", "star", "triangle", "ring"], ref draws), 0, 0,
                draws.Between(0.12f, 0.25f), draws.Between(0, 360), 0, FigureRole.Distractor);
            if (Place(other, figures, 0.01f, ref draws) is { } placed)
                figures.Add(placed);
        }

        return new TaskScene(figures);
    }

    /// <summary>A place in the cell, such that the whole figure is inside the picture.</summary>
    private static float Inside(int cell, float size, ref Draws draws)
    {
        float low = Math.Max((float)cell / Side + Border, size / 2), high = Math.Min(
            (cell + 1f) / Side - Border, 1 - size / 2);
        return draws.Between(low, high);
    }
}
