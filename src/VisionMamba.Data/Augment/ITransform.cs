using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Augment;

/// <summary>A picture to network input. Implementations are called from several threads at once.</summary>
public interface ITransform
{
    /// <summary>Pixels a side of the result.</summary>
    int Size { get; }

    /// <summary>
    /// Writes (3, Size, Size) numbers. All randomness comes from <paramref name="rng"/>, so that equal generators give
    /// equal bits; <paramref name="image"/> must not be changed.
    /// </summary>
    void Apply(RgbImage image, Rng rng, Span<float> destination);
}

/// <summary>One step between the crop and the normalisation, such as RandAugment.</summary>
public interface IImageAugmentation
{
    /// <summary>
    /// The changed picture, of the same size; <paramref name="image"/> itself may be changed and returned.
    /// </summary>
    RgbImage Apply(RgbImage image, Rng rng);
}
