using VisionMamba.Data.Images;

namespace VisionMamba.Data.Augment;

/// <summary>
/// How pictures become a model's input: resize of the shorter side to <see cref="Resize"/>, centre crop to
/// <paramref name="Size"/>, (x / 255 - mean) / std per channel.
/// </summary>
/// <param name="Size">Pixels a side of the input.</param>
/// <param name="CropFraction">The part of the resized picture's shorter side that the crop keeps, in (0, 1].</param>
/// <param name="Interpolation">The filter.</param>
/// <param name="Mean">Red, green, blue, in units of full scale.</param>
/// <param name="Std">Red, green, blue, in units of full scale.</param>
public sealed record Preprocessing(
    int Size, double CropFraction, Interpolation Interpolation, float[] Mean, float[] Std)
{
    /// <summary>
    /// The ImageNet convention: crop 0.875 of the resized picture, bicubic, ImageNet's mean and deviation.
    /// </summary>
    public static Preprocessing ImageNet(int size = 224) =>
        new(size, 0.875, Interpolation.Bicubic, [0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f]);

    /// <summary>
    /// Pixels of the shorter side before the crop, e.g. 256 for 224: floor(size / crop fraction), as timm.
    /// </summary>
    public int Resize => CropFraction is > 0 and <= 1 && Size > 0
        ? (int)Math.Floor(Size / CropFraction)
        : throw new VisionMambaException(
            $"preprocessing: size {Size} and crop fraction {CropFraction} must be above 0, the fraction at most 1");
}
