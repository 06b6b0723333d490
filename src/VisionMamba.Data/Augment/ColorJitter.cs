using VisionMamba.Data.Augment.Operations;
using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Augment;

/// <summary>
/// torchvision 0.14's ColorJitter: brightness, contrast and saturation by factors from [max(0, 1 - r), 1 + r), hue by
/// [-h, h) turns, in random order; what has range 0 is left out.
/// </summary>
internal sealed class ColorJitter(double brightness, double contrast, double saturation, double hue)
    : IImageAugmentation
{
    /// <inheritdoc/>
    public RgbImage Apply(RgbImage image, Rng rng)
    {
        var draws = new RandomDraws(rng);
        foreach (int which in draws.Permutation(4))
        {
            image = which switch
            {
                0 when brightness > 0 => Tables.Brightness(image, Factor(draws, brightness)),
                1 when contrast > 0 => Tables.Contrast(image, Factor(draws, contrast)),
                2 when saturation > 0 => Blend.Color(image, Factor(draws, saturation)),
                3 when hue > 0 => HueShift.Apply(image, draws.Between(-hue, hue)),
                _ => image,
            };
        }

        return image;
    }

    private static double Factor(RandomDraws draws, double range) => draws.Between(Math.Max(0, 1 - range), 1 + range);
}
