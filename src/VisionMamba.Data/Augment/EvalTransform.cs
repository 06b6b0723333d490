using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Augment;

/// <summary>Resize of the shorter side, then centre crop, with torchvision's rounding; equal bits to Pillow.</summary>
public sealed class EvalTransform(Preprocessing preprocessing) : ITransform
{
    private readonly Normalizer _normalizer = new(preprocessing);
    private readonly int _resize = preprocessing.Resize;

    /// <inheritdoc/>
    public int Size => preprocessing.Size;

    /// <inheritdoc/>
    public void Apply(RgbImage image, Rng rng, Span<float> destination) =>
        _normalizer.Apply(Crop(image), destination);

    /// <summary>Normalised input of one picture, (3, Size, Size).</summary>
    public void Apply(RgbImage image, Span<float> destination) => Apply(image, default, destination);

    /// <summary>The picture as the network sees it, before normalisation: Size x Size pixels.</summary>
    public RgbImage Crop(RgbImage image) => Crop(image, _resize, Size, preprocessing.Interpolation);

    /// <summary>
    /// Resizes the shorter side to <paramref name="resize"/> (the longer to int(resize * long / short)) and cuts
    /// <paramref name="crop"/> x <paramref name="crop"/> pixels out of the middle. Needs crop at most resize.
    /// </summary>
    public static RgbImage Crop(RgbImage image, int resize, int crop, Interpolation interpolation)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(crop, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(crop, resize);
        int width = Scaled(image.Width, image.Height, resize), height = Scaled(image.Height, image.Width, resize);
        var window = new PixelBox(Middle(width, crop), Middle(height, crop), crop, crop);
        return Resampler.Resize(image, PixelBox.All(image), width, height, window, interpolation);
    }

    // A side: the target when it is the shorter one, else int(target * side / other), as torchvision.
    internal static int Scaled(int side, int other, int target) =>
        side <= other ? target : (int)Math.Min((double)((long)target * side) / other, int.MaxValue);

    // int(round((size - crop) / 2.0)): ties to even, as Python rounds.
    private static int Middle(int size, int crop) => (int)Math.Round((size - crop) / 2.0);
}
