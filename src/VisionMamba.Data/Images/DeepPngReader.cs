using System.Buffers.Binary;
using System.IO.Compression;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Data.Images;

/// <summary>
/// PNG with 16 bits a channel. Grey is scaled, round(v / 257); colour and grey with alpha keep the high byte, as
/// Pillow does, and drop alpha. (PNG specification, third edition; Adam7 interlacing included.)
/// </summary>
internal static class DeepPngReader
{
    // Adam7: first column, first row, column step, row step of each pass.
    private static readonly int[][] Passes =
        [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

    private static ReadOnlySpan<byte> Signature => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    public static bool Detect(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 33 && bytes.StartsWith(Signature) && bytes[12..16].SequenceEqual("IHDR"u8) && bytes[24] == 16;

    public static RgbImage Read(ReadOnlySpan<byte> bytes, string name)
    {
        int width = BinaryPrimitives.ReadInt32BigEndian(bytes[16..]);
        int height = BinaryPrimitives.ReadInt32BigEndian(bytes[20..]);
        ImageDecoder.CheckSize(width, height, name);
        int channels = bytes[25] switch { 0 => 1, 2 => 3, 4 => 2, 6 => 4, _ => 0 };
        if (channels == 0 || bytes[26] != 0 || bytes[27] != 0 || bytes[28] > 1)
            throw ImageDecoder.Broken(name, "the PNG header is damaged");
        byte[] packed = CollectData(bytes, name);
        try
        {
            using var inflate = new ZLibStream(new MemoryStream(packed), CompressionMode.Decompress);
            RgbImage image = RgbImage.Uninitialized(width, height);
            int[][] passes = bytes[28] == 1 ? Passes : [[0, 0, 1, 1]];
            foreach (int[] pass in passes)
                ReadPass(inflate, image, channels, pass, name);
            return image;
        }
        catch (EndOfStreamException)
        {
            throw ImageDecoder.Broken(name, "the image file is cut short");
        }
        catch (InvalidDataException)
        {
            throw ImageDecoder.Broken(name, "the image is damaged");
        }
    }

    // All IDAT bytes. Where the file ends early, what there is: like other readers, only missing pixels are an error.
    private static byte[] CollectData(ReadOnlySpan<byte> bytes, string name)
    {
        var data = new MemoryStream();
        for (int at = 8; at <= bytes.Length - 8;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);
            ReadOnlySpan<byte> type = bytes.Slice(at + 4, 4);
            bool whole = length <= bytes.Length - at - 12L;
            ReadOnlySpan<byte> body = whole ? bytes.Slice(at + 8, (int)length) : bytes[(at + 8)..];
            if (type.SequenceEqual("IDAT"u8))
                data.Write(body);
            if (!whole || type.SequenceEqual("IEND"u8))
                break;
            bool critical = (type[0] & 0x20) == 0;
            at += (int)length + 12;
            if (critical && Crc32.Add(0, bytes[(at - (int)length - 8)..(at - 4)])
                != BinaryPrimitives.ReadUInt32BigEndian(bytes[(at - 4)..]))
                throw ImageDecoder.Broken(name, "the image is damaged (checksum)");
        }

        return data.ToArray();
    }

    private static void ReadPass(Stream inflate, RgbImage image, int channels, int[] pass, string name)
    {
        int columns = (image.Width - pass[0] + pass[2] - 1) / pass[2], bytesPerPixel = channels * 2;
        int rows = (image.Height - pass[1] + pass[3] - 1) / pass[3];
        if (columns <= 0 || rows <= 0)
            return;
        byte[] row = new byte[columns * bytesPerPixel], above = new byte[row.Length];
        for (int r = 0; r < rows; r++)
        {
            int filter = inflate.ReadByte();
            inflate.ReadExactly(row);
            if (filter is < 0 or > 4)
                throw ImageDecoder.Broken(name, "the image is damaged");
            Unfilter(filter, row, above, bytesPerPixel);
            Span<byte> to = image.Row(pass[1] + r * pass[3]);
            for (int c = 0; c < columns; c++)
                Convert(row.AsSpan(c * bytesPerPixel), channels, to.Slice((pass[0] + c * pass[2]) * 3, 3));
            (row, above) = (above, row);
        }
    }

    private static void Convert(ReadOnlySpan<byte> sample, int channels, Span<byte> rgb)
    {
        if (channels >= 3)
            (rgb[0], rgb[1], rgb[2]) = (sample[0], sample[2], sample[4]);
        else
            rgb.Fill(channels == 2 ? sample[0] : (byte)((((sample[0] << 8) | sample[1]) * 255 + 32767) / 65535));
    }

    private static void Unfilter(int filter, byte[] row, byte[] above, int step)
    {
        if (filter == 0)
            return;
        for (int i = 0; i < row.Length; i++)
        {
            int left = i < step ? 0 : row[i - step], up = above[i], corner = i < step ? 0 : above[i - step];
            row[i] += (byte)(filter switch
            {
                1 => left,
                2 => up,
                3 => (left + up) >> 1,
                _ => Paeth(left, up, corner),
            });
        }
    }

    private static int Paeth(int left, int up, int corner)
    {
        int estimate = left + up - corner;
        int a = Math.Abs(estimate - left), b = Math.Abs(estimate - up), c = Math.Abs(estimate - corner);
        return a <= b && a <= c ? left : b <= c ? up : corner;
    }
}
