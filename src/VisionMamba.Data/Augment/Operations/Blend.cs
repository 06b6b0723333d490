using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using VisionMamba.Data.Images;

namespace VisionMamba.Data.Augment.Operations;

/// <summary>
/// a + f (b - a) in fp32, cut to 0 .. 255 and rounded down, as Pillow 9.4's Image.blend; the enhancements that are such
/// blends with a degenerate picture a.
/// </summary>
internal static class Blend
{
    /// <summary>Blends with the grey picture, in place.</summary>
    public static RgbImage Color(RgbImage image, double factor)
    {
        Span<byte> grey = image.Width <= 1024 ? stackalloc byte[image.Width * 3] : new byte[image.Width * 3];
        for (int y = 0; y < image.Height; y++)
        {
            Luma.Grey(image.Row(y), grey);
            Bytes(grey, image.Row(y), (float)factor, image.Row(y));
        }

        return image;
    }

    /// <summary>Blends with the smoothed picture.</summary>
    public static RgbImage Sharpness(RgbImage image, double factor)
    {
        RgbImage smooth = Smoothing.Apply(image);
        Bytes(smooth.Pixels, image.Pixels, (float)factor, smooth.Pixels);
        return smooth;
    }

    /// <summary>One byte.</summary>
    public static byte Byte(byte from, byte to, float factor) =>
        (byte)Math.Clamp(from + factor * (to - from), 0f, 255f);

    /// <summary>Element by element; <paramref name="result"/> may be either input.</summary>
    public static void Bytes(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, float factor, Span<byte> result)
    {
        int i = 0;
        Vector256<float> f = Vector256.Create(factor), top = Vector256.Create(255f);
        ref byte a = ref MemoryMarshal.GetReference(from), b = ref MemoryMarshal.GetReference(to);
        ref byte r = ref MemoryMarshal.GetReference(result[..from.Length]);
        for (; i + 16 <= from.Length; i += 16)
        {
            (Vector256<float> aLow, Vector256<float> aHigh) = Wide(Vector128.LoadUnsafe(ref a, (nuint)i));
            (Vector256<float> bLow, Vector256<float> bHigh) = Wide(Vector128.LoadUnsafe(ref b, (nuint)i));
            aLow += f * (bLow - aLow);
            aHigh += f * (bHigh - aHigh);
            Narrow(Cut(aLow, top), Cut(aHigh, top)).StoreUnsafe(ref r, (nuint)i);
        }

        for (; i < from.Length; i++)
            result[i] = Byte(from[i], to[i], factor);
    }

    /// <summary>16 bytes as numbers.</summary>
    internal static (Vector256<float> Low, Vector256<float> High) Wide(Vector128<byte> bytes)
    {
        (Vector128<ushort> first, Vector128<ushort> second) = Vector128.Widen(bytes);
        (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.Create(first, second));
        return (Vector256.ConvertToSingle(low.AsInt32()), Vector256.ConvertToSingle(high.AsInt32()));
    }

    /// <summary>Numbers within 0 .. 255 to bytes, rounded down.</summary>
    internal static Vector128<byte> Narrow(Vector256<float> low, Vector256<float> high)
    {
        Vector256<ushort> words = Vector256.Narrow(
            Vector256.ConvertToInt32Native(low).AsUInt32(), Vector256.ConvertToInt32Native(high).AsUInt32());
        return Vector128.Narrow(words.GetLower(), words.GetUpper());
    }

    internal static Vector256<float> Cut(Vector256<float> value, Vector256<float> top) =>
        Vector256.MinNative(Vector256.MaxNative(value, Vector256<float>.Zero), top);
}
