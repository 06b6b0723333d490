using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Tests.Data;

/// <summary>Pictures made in memory.</summary>
internal static class TestPictures
{
    public static RgbImage Noise(int width, int height, ulong seed)
    {
        var rng = new Rng(seed, 77);
        var image = new RgbImage(width, height);
        for (int i = 0; i < image.Pixels.Length; i++)
            image.Pixels[i] = (byte)rng.Bits((ulong)i);
        return image;
    }

    public static RgbImage Copy(RgbImage image) => new(image.Width, image.Height, [.. image.Pixels]);
}
