using System.Buffers.Binary;
using SkiaSharp;
using VisionMamba.Data.Images;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Data;

/// <summary>Formats written by hand, byte by byte, and what they may hold beside one picture.</summary>
public sealed class ImageFormatTests
{
    private static readonly byte[] s_red = [255, 0, 0], s_green = [0, 255, 0], s_blue = [0, 0, 255],
        s_white = [255, 255, 255];

    [Fact]
    public void OfAGifTheFirstFrameIsRead()
    {
        byte[] bytes =
        [
            .. "GIF89a"u8, 2, 0, 2, 0, 0x81, 0, 0, .. s_red, .. s_green, .. s_blue, .. s_white,
            .. GifFrame(0, 1, 2, 3), .. GifFrame(3, 3, 0, 0), 0x3B,
        ];
        RgbImage image = ImageDecoder.Decode(bytes, "a.gif");
        Assert.Equal((2, 2), (image.Width, image.Height));
        byte[] expected = [.. s_red, .. s_green, .. s_blue, .. s_white];
        Assert.Equal(expected, image.Pixels);
    }

    /// <summary>Its rows stand bottom up, blue comes first, and each row ends on four bytes.</summary>
    [Fact]
    public void ABmpIsRead()
    {
        byte[] bytes =
        [
            .. "BM"u8, 70, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0,
            40, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 24, 0, 0, 0, 0, 0, 16, 0, 0, 0,
            0x13, 0x0B, 0, 0, 0x13, 0x0B, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 11, 12, 0, 0,
        ];
        RgbImage image = ImageDecoder.Decode(bytes, "a.bmp");
        Assert.Equal((2, 2), (image.Width, image.Height));
        byte[] expected = [9, 8, 7, 12, 11, 10, 3, 2, 1, 6, 5, 4];
        Assert.Equal(expected, image.Pixels);
    }

    [Fact]
    public void ACameraThatWasTurnedTurnsNothing()
    {
        byte[] plain = File.ReadAllBytes(Path.Combine(ReferenceData.Fixtures, "preprocess", "images", "photo.jpg"));
        // After the start of the image: orientation 6, to be turned right by a quarter.
        byte[] exif =
        [
            .. "Exif\0\0MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0,
        ];
        byte[] length = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)(length.Length + exif.Length));
        byte[] turned = [.. plain[..2], 0xFF, 0xE1, .. length, .. exif, .. plain[2..]];
        using (SKData data = SKData.CreateCopy(turned))
        using (SKCodec codec = SKCodec.Create(data)!)
            Assert.Equal(SKEncodedOrigin.RightTop, codec.EncodedOrigin);

        RgbImage expected = ImageDecoder.Decode(plain, "plain.jpg"), image = ImageDecoder.Decode(turned, "turned.jpg");
        Assert.NotEqual(expected.Width, expected.Height);
        Assert.Equal((expected.Width, expected.Height), (image.Width, image.Height));
        Assert.Equal(expected.Pixels, image.Pixels);
    }

    /// <summary>
    /// A frame of 2 x 2 pixels. The table of codes begins anew after two of them, so that all codes have three bits:
    /// a pixel, 4 for the new table, 5 for the end; the first in the lowest bits.
    /// </summary>
    private static byte[] GifFrame(int a, int b, int c, int d)
    {
        int[] codes = [4, a, b, 4, c, d, 5];
        int bits = codes.Select((code, i) => code << (3 * i)).Sum();
        return
        [
            0x21, 0xF9, 4, 0, 10, 0, 0, 0, // shown for a tenth of a second, nothing is transparent
            0x2C, 0, 0, 0, 0, 2, 0, 2, 0, 0,
            2, 3, (byte)bits, (byte)(bits >> 8), (byte)(bits >> 16), 0,
        ];
    }
}
