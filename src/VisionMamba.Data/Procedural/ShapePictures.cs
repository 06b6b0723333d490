using System.Collections.Frozen;
using SkiaSharp;
using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Procedural;

/// <summary>
/// Pictures drawn by the program, for a demonstration without any download. A class is a shape alone: colours,
/// background, place, size, rotation, light, shadow, noise and style are random and distributed alike for every class.
/// </summary>
public static class ShapePictures
{
    private static readonly (string Name, ShapeBuilder Build)[] Pretraining =
    [
        ("circle", GeometricShapes.Circle),
        ("square", GeometricShapes.Square),
        ("triangle", GeometricShapes.Triangle),
        ("star", GeometricShapes.Star),
        ("cross", GeometricShapes.Cross),
        ("ring", GeometricShapes.Ring),
        ("crescent", GeometricShapes.Crescent),
        ("heart", GeometricShapes.Heart),
        ("arrow", GeometricShapes.Arrow),
        ("hexagon", GeometricShapes.Hexagon),
        ("gear", GeometricShapes.Gear),
        ("stripes", PatternShapes.Stripes),
        ("checker", PatternShapes.Checker),
        ("dots", PatternShapes.Dots),
        ("spiral", PatternShapes.Spiral),
        ("zigzag", PatternShapes.Zigzag),
    ];

    private static readonly (string Name, ShapeBuilder Build)[] Demonstration =
    [
        ("fish", Pictograms.Fish),
        ("house", Pictograms.House),
        ("mug", Pictograms.Mug),
        ("key", Pictograms.Key),
        ("tree", Pictograms.Tree),
        ("umbrella", Pictograms.Umbrella),
        ("leaf", Pictograms.Leaf),
        ("boat", Pictograms.Boat),
    ];

    private static readonly FrozenDictionary<string, ShapeBuilder> Builders =
        Pretraining.Concat(Demonstration).ToFrozenDictionary(entry => entry.Name, entry => entry.Build);

    /// <summary>The 16 plain shapes and patterns on which a small backbone is pre-trained.</summary>
    public static IReadOnlyList<string> PretrainClasses { get; } = Names(Pretraining);

    /// <summary>The 8 pictograms to which a demonstration adapts the backbone; none is a pre-training class.</summary>
    public static IReadOnlyList<string> DemoClasses { get; } = Names(Demonstration);

    /// <summary>
    /// A square picture of <paramref name="size"/> pixels (16 or more) showing one example of the class; equal for
    /// equal generators. Calls from several threads are independent.
    /// </summary>
    /// <exception cref="VisionMambaException">The class is none of the two lists.</exception>
    public static RgbImage Render(string className, int size, Rng rng)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 16);
        if (!Builders.TryGetValue(className, out ShapeBuilder? build))
        {
            string known = string.Join(", ", PretrainClasses.Concat(DemoClasses));
            throw new VisionMambaException($"no shape is called '{className}'; choose one of {known}");
        }

        // Separate streams: the scene is the same for every class, however many draws the shape takes.
        var proportions = new Draws(rng.Derive(1));
        var scene = new Draws(rng.Derive(2));
        using Shape shape = build(ref proportions);
        using SKSurface surface = SkiaPictures.Surface(size, size);
        Scene.Draw(surface.Canvas, size, shape, ref scene);
        RgbImage picture = SkiaPictures.FromSkia(surface);
        Grain.Apply(picture, rng.Derive(3));
        return picture;
    }

    private static string[] Names((string Name, ShapeBuilder Build)[] classes) =>
        [.. classes.Select(entry => entry.Name)];
}
