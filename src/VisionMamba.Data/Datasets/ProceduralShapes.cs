using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Datasets;

/// <summary>
/// Pictures drawn by program, for demonstrations that need no download. The class is a matter of shape alone: colours,
/// gradients, place, size, tilt, light, background, clutter and noise are drawn from the same distributions for every
/// class. The same generator gives the same picture.
/// </summary>
public static class ProceduralShapes
{
    private const ulong PictureStream = 0x9A1D;

    /// <summary>Shapes and patterns to pre-train a backbone on.</summary>
    public static IReadOnlyList<string> PretrainClasses { get; } = [.. ProceduralBasics.All.Keys];

    /// <summary>Other classes, pictograms of things, to adapt the frozen backbone to.</summary>
    public static IReadOnlyList<string> DemoClasses { get; } = [.. ProceduralIcons.All.Keys];

    /// <summary>A picture of <paramref name="size"/> x <paramref name="size"/> pixels, at least 16.</summary>
    public static RgbImage Render(string className, int size, Rng rng)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 16);
        if (!ProceduralBasics.All.TryGetValue(className, out ProceduralClass? drawn)
            && !ProceduralIcons.All.TryGetValue(className, out drawn))
            throw new VisionMambaException($"there is no drawn class \"{className}\"; use one of "
                + string.Join(", ", PretrainClasses.Concat(DemoClasses)));
        return new ProceduralScene(size, new RandomDraws(rng)).Render(drawn);
    }

    /// <summary>
    /// A set of <paramref name="perClass"/> pictures of each class, drawn when they are read. Sets of different
    /// <paramref name="seed"/> or <paramref name="part"/> (0 train, 1 validation, ...) share no picture.
    /// </summary>
    public static ImageDataset Dataset(
        string name, IReadOnlyList<string> classes, int perClass, int size, ulong seed, int part = 0)
    {
        ArgumentNullException.ThrowIfNull(classes);
        ArgumentOutOfRangeException.ThrowIfLessThan(perClass, 1);
        Rng rng = new Rng(seed, PictureStream).Derive((ulong)part);
        int[] labels = [.. Enumerable.Range(0, classes.Count * perClass).Select(i => i % classes.Count)];
        return ImageDataset.FromMemory(
            name, classes, labels, i => Render(classes[labels[i]], size, rng.Derive((ulong)i)));
    }
}
