using VisionMamba.Data.Augment.Operations;
using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Augment;

/// <summary>
/// One of greyscale, solarisation at 128 and a Gaussian blur of deviation 0.1 to 2 pixels, equally likely; DeiT III
/// (Touvron et al., 2022).
/// </summary>
internal sealed class ThreeAugment : IImageAugmentation
{
    /// <inheritdoc/>
    public RgbImage Apply(RgbImage image, Rng rng)
    {
        var draws = new RandomDraws(rng);
        switch (draws.Below(3))
        {
            case 0:
                Luma.Grey(image.Pixels, image.Pixels);
                return image;
            case 1:
                return Tables.Solarize(image, 128);
            default:
                return GaussianBlur.Apply(image, draws.Between(0.1, 2));
        }
    }
}
