using System.Globalization;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Procedural.Tasks;

/// <summary>
/// How far away is the nearest thing, in six steps? Things stand on a plane seen in perspective: where one touches the
/// ground tells its depth, its height alone does not, because things differ in size by a factor of two.
/// </summary>
internal sealed class DistanceTask : StructuredTask
{
    private const int Steps = 6;
    private const float Nearest = 1.4f, Farthest = 6, Growth = 1.27445f; // (6 / 1.4)^(1/6)

    /// <summary>The inner part of a step, in steps, that a depth is drawn from: neighbours differ.</summary>
    private const float Low = 0.12f, High = 0.88f;

    /// <inheritdoc/>
    public override string Name => "distance";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Classes { get; } = [.. Enumerable.Range(0, Steps).Select(step =>
        string.Create(CultureInfo.InvariantCulture, $"{DepthAt(step):F1} to {DepthAt(step + 1):F1}"))];

    /// <inheritdoc/>
    public override int Answer(TaskScene scene) => (int)Math.Floor(
        Math.Log(scene.Targets.Min(f => f.Depth) / Nearest) / Math.Log(Growth));

    /// <inheritdoc/>
    public override TaskScene Compose(int label, Rng rng)
    {
        var draws = new Draws(rng);
        float horizon = draws.Between(0.24f, 0.36f), camera = draws.Between(0.8f, 0.86f);
        float nearest = DepthAt(label + draws.Between(Low, High));
        int others = draws.Integer(1, 4);
        var figures = new List<SceneFigure>();
        for (int i = 0; i <= others; i++)
        {
            float depth = i == 0 ? nearest : Math.Min(
                nearest * 1.12f + (Farthest * 1.4f - nearest) * draws.Between(0, 1), Farthest * 1.4f);
            figures.Add(Standing(depth, horizon, camera, ref draws));
        }

        return new TaskScene(figures, horizon, camera);
    }

    private static SceneFigure Standing(float depth, float horizon, float camera, ref Draws draws)
    {
        float size = draws.Between(0.42f, 0.84f) / depth, ground = horizon + camera / depth;
        float margin = Math.Min(size / 2, 0.3f);
        // The shapes' feet are at 0.94 of the unit square.
        return new SceneFigure(
            OneOf(SceneShapes.Standing, ref draws), draws.Between(margin, 1 - margin), ground - 0.44f * size, size, 0,
            depth, FigureRole.Target);
    }

    private static float DepthAt(float step) => Nearest * MathF.Pow(Growth, step);
}
