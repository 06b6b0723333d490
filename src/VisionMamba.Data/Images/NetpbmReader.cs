namespace VisionMamba.Data.Images;

/// <summary>
/// PBM, PGM and PPM, plain (P1-P3) and binary (P4-P6), up to 16 bits. A sample v of maximum m becomes
/// round(v / m * 255), ties to even, as in Pillow.
/// </summary>
internal ref struct NetpbmReader(ReadOnlySpan<byte> bytes, string name)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at = 2;

    public static bool Detect(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 3 && bytes[0] == 'P' && bytes[1] is >= (byte)'1' and <= (byte)'6' && IsSpaceOrComment(bytes[2]);

    public RgbImage Read()
    {
        int kind = _bytes[1] - '0';
        bool plain = kind <= 3, bitmap = kind is 1 or 4, colour = kind is 3 or 6;
        int width = ReadNumber("width"), height = ReadNumber("height");
        ImageDecoder.CheckSize(width, height, name);
        int maximum = bitmap ? 1 : ReadNumber("maximum");
        if (maximum is < 1 or > 65535)
            throw ImageDecoder.Broken(name, $"the maximum {maximum} of the PNM header is not within 1 .. 65535");
        if (!plain)
            _at++; // exactly one white-space byte ends a binary header
        long samples = (long)width * height * (colour ? 3 : 1);
        CheckLength(kind, width, height, samples, maximum);
        RgbImage image = RgbImage.Uninitialized(width, height);
        byte[] scale = ScaleTo8Bits(maximum, bitmap);
        if (kind == 4)
            ReadPackedBits(image);
        else
            ReadSamples(image, samples, plain, bitmap, maximum, scale);
        return image;
    }

    /// <summary>Refuses before allocating: a plain sample takes at least a byte, too.</summary>
    private readonly void CheckLength(int kind, int width, int height, long samples, int maximum)
    {
        long needed = kind == 4 ? (width + 7L) / 8 * height : kind > 4 && maximum > 255 ? samples * 2 : samples;
        if (_bytes.Length - _at < needed)
            throw ImageDecoder.Broken(name, "the image file is cut short");
    }

    private void ReadSamples(RgbImage image, long samples, bool plain, bool bitmap, int maximum, byte[] scale)
    {
        byte[] pixels = image.Pixels;
        bool grey = samples != pixels.Length;
        for (int i = 0; i < samples; i++)
        {
            int value = plain ? bitmap ? ReadBit() : ReadNumber("sample")
                : maximum > 255 ? (_bytes[_at++] << 8) | _bytes[_at++] : _bytes[_at++];
            if (plain && value > maximum)
                throw ImageDecoder.Broken(name, $"a sample of {value} is above the header's maximum of {maximum}");
            byte scaled = scale[Math.Min(value, maximum)];
            if (grey)
                pixels[i * 3] = pixels[i * 3 + 1] = pixels[i * 3 + 2] = scaled;
            else
                pixels[i] = scaled;
        }
    }

    private void ReadPackedBits(RgbImage image)
    {
        for (int y = 0; y < image.Height; y++, _at += (image.Width + 7) / 8)
        {
            Span<byte> row = image.Row(y);
            for (int x = 0; x < image.Width; x++)
            {
                bool black = (_bytes[_at + (x >> 3)] & (0x80 >> (x & 7))) != 0;
                row.Slice(x * 3, 3).Fill(black ? (byte)0 : (byte)255);
            }
        }
    }

    private static byte[] ScaleTo8Bits(int maximum, bool inverted)
    {
        byte[] scale = new byte[maximum + 1];
        for (int v = 0; v <= maximum; v++)
            scale[v] = (byte)Math.Round((inverted ? maximum - v : v) / (double)maximum * 255);
        return scale;
    }

    private int ReadBit()
    {
        SkipSpace();
        if (_at >= _bytes.Length)
            throw ImageDecoder.Broken(name, "the image file is cut short");
        int bit = _bytes[_at++] - '0';
        return bit is 0 or 1 ? bit : throw ImageDecoder.Broken(name, "a sample is not 0 or 1");
    }

    private int ReadNumber(string what)
    {
        SkipSpace();
        int start = _at;
        long value = 0;
        while (_at < _bytes.Length && char.IsAsciiDigit((char)_bytes[_at]) && value <= int.MaxValue / 16)
            value = value * 10 + (_bytes[_at++] - '0');
        if (_at == start)
            throw ImageDecoder.Broken(name, _at >= _bytes.Length
                ? "the image file is cut short" : $"the {what} of the PNM file is not a number");
        return (int)Math.Min(value, int.MaxValue);
    }

    private void SkipSpace()
    {
        while (_at < _bytes.Length && IsSpaceOrComment(_bytes[_at]))
        {
            if (_bytes[_at] == '#')
                while (_at < _bytes.Length && _bytes[_at] is not ((byte)'\n' or (byte)'\r'))
                    _at++;
            else
                _at++;
        }
    }

    private static bool IsSpaceOrComment(byte b) => b is (byte)' ' or (byte)'#' or >= 9 and <= 13;
}
