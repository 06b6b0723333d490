using SkiaSharp;

namespace VisionMamba.Data.Images;

/// <summary>Writes pictures to files.</summary>
public static class ImageWriter
{
    /// <summary>
    /// Writes a lossless 8-bit PNG. The file appears whole or not at all: it is written beside its place and moved
    /// there.
    /// </summary>
    public static void WritePng(string path, RgbImage image)
    {
        byte[] bytes = EncodePng(image);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
        try
        {
            File.WriteAllBytes(temporary, bytes);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(temporary))
                File.Delete(temporary);
            throw new VisionMambaException($"{path}: the picture cannot be written: {e.Message}", e);
        }
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
