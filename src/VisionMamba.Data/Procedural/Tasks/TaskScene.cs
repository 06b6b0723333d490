namespace VisionMamba.Data.Procedural.Tasks;

/// <summary>What a figure is for in its scene.</summary>
internal enum FigureRole
{
    /// <summary>The question is about it.</summary>
    Target,

    /// <summary>It does not bear on the answer.</summary>
    Distractor,
}

/// <summary>A figure of a scene, in units of the picture's side, y down.</summary>
/// <param name="Shape">Its name in <see cref="SceneShapes"/>.</param>
/// <param name="X">The middle of its unit square.</param>
/// <param name="Y">The middle of its unit square.</param>
/// <param name="Size">The side of its unit square.</param>
/// <param name="Heading">Where its right side points, in degrees, counter-clockwise from right.</param>
/// <param name="Depth">How far away it stands; 0 in scenes without depth. Figures are painted far to near.</param>
/// <param name="Role">Whether the question is about it.</param>
internal sealed record SceneFigure(
    string Shape, float X, float Y, float Size, float Heading, float Depth, FigureRole Role)
{
    /// <summary>Radius of a circle about the middle that holds every shape, the corners of a square too.</summary>
    public float Reach => 0.66f * Size;

    /// <summary>Whether the two keep <paramref name="gap"/> between their circles.</summary>
    public bool Clears(SceneFigure other, float gap)
    {
        float x = X - other.X, y = Y - other.Y, least = Reach + other.Reach + gap;
        return x * x + y * y >= least * least;
    }
}

/// <summary>
/// What a picture of a structured task shows: enough to answer its question without looking at pixels.
/// </summary>
/// <param name="Figures">All figures.</param>
/// <param name="Horizon">Height of the horizon; null in scenes without depth.</param>
/// <param name="Camera">
/// Height of the camera: ground at depth z is seen at y = horizon + camera / z; 0 in scenes without depth.
/// </param>
internal sealed record TaskScene(IReadOnlyList<SceneFigure> Figures, float? Horizon = null, float Camera = 0)
{
    /// <summary>The figures that the question is about.</summary>
    public IEnumerable<SceneFigure> Targets => Figures.Where(f => f.Role == FigureRole.Target);
}
