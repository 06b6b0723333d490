namespace VisionMamba.Tensors.Files;

/// <summary>
/// The checksum of zip entries and PNG chunks (reflected polynomial 0xEDB88320), eight bytes at a time by tables.
/// </summary>
internal static class Crc32
{
    private static readonly uint[][] s_tables = Tables();

    /// <summary>The checksum of what gave <paramref name="crc"/> (0 for nothing) followed by the bytes.</summary>
    public static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        uint[][] t = s_tables;
        crc = ~crc;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            crc ^= bytes[0] | ((uint)bytes[1] << 8) | ((uint)bytes[2] << 16) | ((uint)bytes[3] << 24);
            crc = t[7][crc & 255] ^ t[6][(crc >> 8) & 255] ^ t[5][(crc >> 16) & 255] ^ t[4][crc >> 24]
                ^ t[3][bytes[4]] ^ t[2][bytes[5]] ^ t[1][bytes[6]] ^ t[0][bytes[7]];
        }

        foreach (byte value in bytes)
            crc = (crc >> 8) ^ t[0][(crc ^ value) & 255];
        return ~crc;
    }

    private static uint[][] Tables()
    {
        uint[][] tables = new uint[8][];
        for (int k = 0; k < 8; k++)
        {
            tables[k] = new uint[256];
            for (uint i = 0; i < 256; i++)
                tables[k][i] = k == 0 ? Shifted(i) : (tables[k - 1][i] >> 8) ^ tables[0][tables[k - 1][i] & 255];
        }

        return tables;
    }

    private static uint Shifted(uint value)
    {
        for (int bit = 0; bit < 8; bit++)
            value = (value & 1) != 0 ? (value >> 1) ^ 0xEDB88320 : value >> 1;
        return value;
    }
}
