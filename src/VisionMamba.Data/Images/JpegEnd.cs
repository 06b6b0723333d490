using System.Buffers.Binary;

namespace VisionMamba.Data.Images;

/// <summary>
/// Whether a progressive JPEG is there to its end. Its decoder fills missing scans in silently, so a file cut short
/// would pass as a blurred picture; that of a sequential JPEG reports missing rows itself.
/// </summary>
internal static class JpegEnd
{
    public static bool IsMissing(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 4 || bytes[0] != 0xFF || bytes[1] != 0xD8)
            return false;
        bool progressive = false;
        for (int at = 2; ;)
        {
            int marker = NextMarker(bytes, ref at);
            if (marker < 0)
                return progressive;
            if (marker is 0xD9 or 0xC0 or 0xC1) // the end, or a sequential frame
                return false;
            progressive |= marker == 0xC2;
            if (at + 2 > bytes.Length)
                return progressive;
            at += BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]); // the segment's length counts its own two bytes
        }
    }

    // The next marker that is not fill (FF), stuffing (00), a restart (D0-D7) or TEM (01); -1 when the bytes end.
    private static int NextMarker(ReadOnlySpan<byte> bytes, ref int at)
    {
        while (at < bytes.Length)
        {
            int found = bytes[at..].IndexOf((byte)0xFF);
            if (found < 0 || at + found + 1 >= bytes.Length)
                return -1;
            at += found + 1;
            int marker = bytes[at];
            if (marker == 0xFF)
                continue;
            at++;
            if (marker is not (0 or 1 or >= 0xD0 and <= 0xD7))
                return marker;
        }

        return -1;
    }
}
