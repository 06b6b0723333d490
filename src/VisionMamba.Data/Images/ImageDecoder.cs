using System.Buffers;
using System.Buffers.Binary;
using SkiaSharp;

namespace VisionMamba.Data.Images;

/// <summary>
/// Image file to RGB as Pillow's <c>Image.open(f).convert("RGB")</c>: alpha is dropped (not composited), no EXIF
/// rotation, no colour management. 16-bit grey is scaled to 8 bits, where Pillow clips it. Reads JPEG, PNG, WebP, BMP,
/// GIF (first frame) and PBM / PGM / PPM.
/// </summary>
public static class ImageDecoder
{
    /// <summary>
    /// Reads a file. A <see cref="VisionMambaException"/> names the file when it cannot be read whole.
    /// </summary>
    public static RgbImage Decode(string path) => Decode(ReadFile(path), path);

    /// <summary>Decodes the bytes of a file; <paramref name="name"/> stands for it in errors.</summary>
    public static RgbImage Decode(ReadOnlySpan<byte> bytes, string name)
    {
        if (bytes.IsEmpty)
            throw new VisionMambaException($"{name}: the image file is empty; remove it or copy it again");
        if (NetpbmReader.Detect(bytes))
            return new NetpbmReader(bytes, name).Read();
        if (DeepPngReader.Detect(bytes))
            return DeepPngReader.Read(bytes, name);
        return DecodeWithSkia(bytes, name);
    }

    internal static void CheckSize(long width, long height, string name)
    {
        if (width < 1 || height < 1)
            throw new VisionMambaException($"{name}: the image has no pixels ({width} x {height}); remove it");
        if (width > RgbImage.MaxPixels || height > RgbImage.MaxPixels || width * height > RgbImage.MaxPixels)
            throw new VisionMambaException($"{name}: the image claims {width} x {height} pixels, more than the limit "
                + $"of {RgbImage.MaxPixels}; make it smaller");
    }

    internal static VisionMambaException Broken(string name, string what) =>
        new($"{name}: {what}; remove the file or copy it again");

    private static byte[] ReadFile(string path)
    {
        if (string.IsNullOrEmpty(path))
            throw new VisionMambaException("an image's path is empty; name a file");
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new VisionMambaException(new FileInfo(path).LinkTarget is { } target
                ? $"{path}: is a link to {target}, which is not there; put the image there or remove the link"
                : $"{path}: no such image file; check the path", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string what = Directory.Exists(path) ? "is a folder, not an image file" : "cannot be read: " + e.Message;
            throw new VisionMambaException($"{path}: {what}", e);
        }
    }

    private static unsafe RgbImage DecodeWithSkia(ReadOnlySpan<byte> bytes, string name)
    {
        fixed (byte* pointer = bytes)
        {
            using SKData data = SKData.Create((IntPtr)pointer, bytes.Length);
            using SKCodec? codec = SKCodec.Create(data);
            if (codec is null)
                throw Unreadable(bytes, name);
            SKImageInfo size = codec.Info;
            CheckSize(size.Width, size.Height, name);
            var info = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
            byte[] rgba = ArrayPool<byte>.Shared.Rent(info.BytesSize);
            try
            {
                Decode(codec, info, rgba, bytes, name);
                RgbImage image = RgbImage.Uninitialized(size.Width, size.Height);
                PixelLayout.DropAlpha(rgba.AsSpan(0, info.BytesSize), image.Pixels);
                return image;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(rgba);
            }
        }
    }

    private static unsafe void Decode(
        SKCodec codec, SKImageInfo info, byte[] rgba, ReadOnlySpan<byte> bytes, string name)
    {
        fixed (byte* pixels = rgba)
        {
            SKCodecResult result = codec.GetPixels(info, (IntPtr)pixels);
            if (result == SKCodecResult.IncompleteInput || JpegEnd.IsMissing(bytes) || WebPIsShort(bytes))
                throw Broken(name, "the image file is cut short");
            if (result != SKCodecResult.Success)
                throw Broken(name, $"the image is damaged ({result})");
        }
    }

    // A RIFF header states how many bytes follow its first 8.
    private static bool WebPIsShort(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith("RIFF"u8) && BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) > bytes.Length - 8L;

    private static VisionMambaException Unreadable(ReadOnlySpan<byte> bytes, string name)
    {
        if (bytes.StartsWith("II*\0"u8) || bytes.StartsWith("MM\0*"u8))
            return new VisionMambaException($"{name}: TIFF images are not read; convert it to PNG");
        bool known = bytes is [0x89, 0x50, ..] or [0xFF, 0xD8, ..] || bytes.StartsWith("BM"u8)
            || bytes.StartsWith("RIFF"u8) || bytes.StartsWith("GIF8"u8);
        return known
            ? Broken(name, "the image's header is damaged or cut short")
            : new VisionMambaException($"{name}: not an image of a known format "
                + "(JPEG, PNG, WebP, BMP, GIF, PBM, PGM, PPM)");
    }
}
