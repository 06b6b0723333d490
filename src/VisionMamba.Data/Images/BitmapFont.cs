namespace VisionMamba.Data.Images;

/// <summary>
/// A 5 x 8 dot font for printable ASCII, drawn here because a machine without fonts must show the same captions.
/// Each glyph is 5 columns from left to right, bit 0 at the top.
/// </summary>
internal static class BitmapFont
{
    public const int GlyphWidth = 5, GlyphHeight = 8, Advance = 6;

    private const string Columns =
        "0000000000 00005F0000 0007000700 147F147F14 242A7F2A12 2313086462 3649562050 0000070000 "
        + "001C224100 0041221C00 14083E0814 08083E0808 0050300000 0808080808 0060600000 2010080402 "
        + "3E5149453E 00427F4000 4261514946 2141454B31 1814127F10 2745454539 3C4A494930 0171090503 "
        + "3649494936 064949291E 0036360000 0056360000 0814224100 1414141414 0041221408 0201510906 "
        + "324979413E 7E1111117E 7F49494936 3E41414122 7F4141221C 7F49494941 7F09090901 3E4149497A "
        + "7F0808087F 00417F4100 2040413F01 7F08142241 7F40404040 7F020C027F 7F0408107F 3E4141413E "
        + "7F09090906 3E4151215E 7F09192946 4649494931 01017F0101 3F4040403F 1F2040201F 3F4038403F "
        + "6314081463 0708700807 6151494543 007F414100 0204081020 0041417F00 0402010204 4040404040 "
        + "0001020400 2054545478 7F48444438 3844444420 384444487F 3854545418 087E090102 18A4A4A47C "
        + "7F08040478 00447D4000 4080847D00 7F10284400 00417F4000 7C04180478 7C08040478 3844444438 "
        + "FC24242418 18242424FC 7C08040408 4854545420 043F444020 3C4040207C 1C2040201C 3C4030403C "
        + "4428102844 1CA0A0A07C 4464544C44 0008364100 00007F0000 0041360800 0804080408";

    private static readonly byte[] Glyphs = Convert.FromHexString(Columns.Replace(" ", "", StringComparison.Ordinal));

    /// <summary>Whether the dot is set. Characters outside printable ASCII look like a question mark.</summary>
    public static bool Dot(char c, int x, int y) =>
        (Glyphs[((c is >= ' ' and <= '~' ? c : '?') - ' ') * GlyphWidth + x] >> y & 1) != 0;

    /// <summary>Pixels that a text takes.</summary>
    public static int Width(string text, int scale) => Math.Max(0, text.Length * Advance - 1) * scale;

    /// <summary>Writes a line of text; what leaves the picture is cut off.</summary>
    public static void Draw(RgbImage image, int left, int top, string text, int scale, (byte R, byte G, byte B) colour)
    {
        for (int i = 0; i < text.Length; i++)
            for (int y = 0; y < GlyphHeight * scale; y++)
                for (int x = 0; x < GlyphWidth * scale; x++)
                    if (Dot(text[i], x / scale, y / scale))
                        Set(image, left + i * Advance * scale + x, top + y, colour);
    }

    private static void Set(RgbImage image, int x, int y, (byte R, byte G, byte B) colour)
    {
        if ((uint)x < (uint)image.Width && (uint)y < (uint)image.Height)
            (image.Row(y)[x * 3], image.Row(y)[x * 3 + 1], image.Row(y)[x * 3 + 2]) = colour;
    }
}
