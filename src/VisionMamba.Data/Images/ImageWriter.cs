using SkiaSharp;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Data.Images;

/// <summary>Writes pictures to files.</summary>
public static class ImageWriter
{
    /// <summary>
    /// Writes a lossless 8-bit PNG. The file appears whole or not at all: a missing folder is made.
    /// </summary>
    public static void WritePng(string path, RgbImage image)
    {
        byte[] bytes = EncodePng(image);
        AtomicFile.Write(path, stream => stream.Write(bytes));
    }

    /// <summary>The bytes of a PNG file with these pixels.</summary>
    public static unsafe byte[] EncodePng(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        byte[] rgba = PixelLayout.AddAlpha(image.Pixels);
        fixed (byte* pointer = rgba)
        {
            var info = new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
            using var pixmap = new SKPixmap(info, (IntPtr)pointer);
            using SKData? data = pixmap.Encode(SKPngEncoderOptions.Default);
            return data?.ToArray() ?? throw new InvalidOperationException("the PNG encoder failed");
        }
    }
}
