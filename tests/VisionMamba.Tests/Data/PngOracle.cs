using System.Buffers.Binary;
using System.IO.Compression;
using VisionMamba.Data.Images;

namespace VisionMamba.Tests.Data;

/// <summary>
/// A plain second reading of a 16-bit grey PNG (not interlaced), and a writer of PNGs of any bit depth.
/// </summary>
internal static class PngOracle
{
    public static RgbImage Grey16Scaled(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        int width = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(16));
        int height = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(20));
        Assert.Equal(0, file[28]);
        using var packed = new MemoryStream();
        for (int at = 8, length; at < file.Length; at += 12 + length)
        {
            length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            if (file.AsSpan(at + 4, 4).SequenceEqual("IDAT"u8))
                packed.Write(file, at + 8, length);
        }

        packed.Position = 0;
        using var inflate = new ZLibStream(packed, CompressionMode.Decompress);
        int[,] values = new int[height + 1, width * 2 + 2];
        var image = new RgbImage(width, height);
        for (int y = 1; y <= height; y++)
        {
            int filter = inflate.ReadByte();
            for (int i = 2; i < width * 2 + 2; i++)
            {
                int a = values[y, i - 2], b = values[y - 1, i], c = values[y - 1, i - 2];
                values[y, i] = (inflate.ReadByte() + Predict(filter, a, b, c)) & 255;
            }

            for (int x = 0; x < width; x++)
                image.Row(y - 1).Slice(x * 3, 3).Fill(
                    (byte)Math.Round((values[y, x * 2 + 2] * 256 + values[y, x * 2 + 3]) * 255.0 / 65535));
        }

        return image;
    }

    /// <summary>A PNG of unfiltered rows; <paramref name="rows"/> holds the packed samples.</summary>
    public static byte[] Write(int width, int height, byte depth, byte colour, byte[][] rows, bool badChecksum = false,
        byte interlace = 0)
    {
        using var file = new MemoryStream();
        file.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = (depth, colour, interlace);
        Chunk(file, "IHDR"u8, header, false);
        using var packed = new MemoryStream();
        using (var deflate = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (byte[] row in rows)
            {
                deflate.WriteByte(0);
                deflate.Write(row);
            }
        }

        Chunk(file, "IDAT"u8, packed.ToArray(), badChecksum);
        Chunk(file, "IEND"u8, [], false);
        return file.ToArray();
    }

    private static void Chunk(MemoryStream file, ReadOnlySpan<byte> type, byte[] data, bool badChecksum)
    {
        byte[] number = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        byte[] body = [.. type, .. data];
        file.Write(body);
        uint crc = uint.MaxValue;
        foreach (byte b in body)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
        }

        BinaryPrimitives.WriteUInt32BigEndian(number, ~crc ^ (badChecksum ? 1u : 0));
        file.Write(number);
    }

    private static int Predict(int filter, int a, int b, int c)
    {
        int p = a + b - c, pa = Math.Abs(p - a), pb = Math.Abs(p - b), pc = Math.Abs(p - c);
        return filter switch
        {
            0 => 0,
            1 => a,
            2 => b,
            3 => (a + b) / 2,
            _ => pa <= pb && pa <= pc ? a : pb <= pc ? b : c,
        };
    }
}
