using VisionMamba.Tensors;

namespace VisionMamba.Data.Procedural.Tasks;

/// <summary>
/// Where does the one pointed figure point, in eight directions? Headings vary by 15 degrees about each direction;
/// smaller figures without a direction and strokes at any angle lie about.
/// </summary>
internal sealed class OrientationTask : StructuredTask
{
    private const float Sector = 45, Jitter = 15;

    /// <inheritdoc/>
    public override string Name => "orientation";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Classes { get; } =
        ["right", "up right", "up", "up left", "left", "down left", "down", "down right"];

    /// <inheritdoc/>
    public override int Answer(TaskScene scene) =>
        (int)MathF.Round(scene.Targets.Single().Heading / Sector) % Classes.Count;

    /// <inheritdoc/>
    public override TaskScene Compose(int label, Rng rng)
    {
        var draws = new Draws(rng);
        float heading = label * Sector + draws.Between(-Jitter, Jitter);
        var target = new SceneFigure(
            OneOf(SceneShapes.Pointed, ref draws), 0, 0, draws.Between(0.3f, 0.52f),
            heading < 0 ? heading + 360 : heading, 0, FigureRole.Target);
        var figures = new List<SceneFigure> { Place(target, [], 0, ref draws)! };
        int distractors = draws.Integer(1, 3), strokes = draws.Integer(1, 3);
        for (int i = 0; i < distractors; i++)
        {
            var plain = new SceneFigure(
                OneOf(["circle", "square", "cross", "hexagon", "ring"], ref draws), 0, 0, draws.Between(0.1f, 0.18f),
                draws.Between(0, 360), 0, FigureRole.Distractor);
            if (Place(plain, figures, 0, ref draws) is { } placed)
                figures.Add(placed);
        }

        AddStrokes(strokes, figures, ref draws);

        return new TaskScene(figures);
    }
}
