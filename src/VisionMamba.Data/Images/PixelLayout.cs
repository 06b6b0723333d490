using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace VisionMamba.Data.Images;

/// <summary>Conversions between 4-byte and 3-byte pixels.</summary>
internal static class PixelLayout
{
    /// <summary>
    /// Copies the first 3 of every 4 bytes. <paramref name="rgb"/> holds exactly the pixels of the source.
    /// </summary>
    public static void DropAlpha(ReadOnlySpan<byte> rgba, Span<byte> rgb)
    {
        int pixels = rgb.Length / 3, i = 0;
        ref byte from = ref MemoryMarshal.GetReference(rgba), to = ref MemoryMarshal.GetReference(rgb);
        Vector128<byte> order = Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 255, 255, 255, 255);

        // Each step writes 16 bytes of which 12 count; the next step overwrites the other 4.
        for (; i + 6 <= pixels; i += 4)
        {
            Vector128<byte> four = Vector128.LoadUnsafe(ref from, (nuint)i * 4);
            Vector128.Shuffle(four, order).StoreUnsafe(ref to, (nuint)i * 3);
        }

        for (; i < pixels; i++)
        {
            Unsafe.Add(ref to, i * 3) = Unsafe.Add(ref from, i * 4);
            Unsafe.Add(ref to, i * 3 + 1) = Unsafe.Add(ref from, i * 4 + 1);
            Unsafe.Add(ref to, i * 3 + 2) = Unsafe.Add(ref from, i * 4 + 2);
        }
    }

    /// <summary>Widens RGB to RGBA, opaque.</summary>
    public static byte[] AddAlpha(ReadOnlySpan<byte> rgb)
    {
        byte[] rgba = GC.AllocateUninitializedArray<byte>(checked(rgb.Length / 3 * 4));
        for (int i = 0, o = 0; i < rgb.Length; i += 3, o += 4)
        {
            rgba[o] = rgb[i];
            rgba[o + 1] = rgb[i + 1];
            rgba[o + 2] = rgb[i + 2];
            rgba[o + 3] = 255;
        }

        return rgba;
    }
}
