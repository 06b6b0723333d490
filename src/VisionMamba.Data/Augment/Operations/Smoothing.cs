using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using VisionMamba.Data.Images;

namespace VisionMamba.Data.Augment.Operations;

/// <summary>
/// Pillow 9.4's SMOOTH filter: weights 1 and, in the middle, 5, by 13, in fp32 and in the order of its Filter.c (the
/// row below, the row itself, the row above). The outermost pixels stay as they are.
/// </summary>
internal static class Smoothing
{
    private const float Side = 1f / 13, Middle = 5f / 13;

    /// <summary>The smoothed picture; <paramref name="image"/> is not changed.</summary>
    public static RgbImage Apply(RgbImage image)
    {
        RgbImage result = RgbImage.Uninitialized(image.Width, image.Height);
        image.Row(0).CopyTo(result.Row(0));
        for (int y = 1; y < image.Height - 1; y++)
        {
            ReadOnlySpan<byte> row = image.Row(y);
            Span<byte> to = result.Row(y);
            row[..3].CopyTo(to);
            row[^3..].CopyTo(to[^3..]);
            if (image.Width > 2)
                Row(image.Row(y - 1), row, image.Row(y + 1), to);
        }

        image.Row(image.Height - 1).CopyTo(result.Row(image.Height - 1));
        return result;
    }

    private static void Row(ReadOnlySpan<byte> above, ReadOnlySpan<byte> row, ReadOnlySpan<byte> below, Span<byte> to)
    {
        int i = 3, end = row.Length - 3;
        Vector256<float> side = Vector256.Create(Side), middle = Vector256.Create(Middle);
        Vector256<float> half = Vector256.Create(0.5f), top = Vector256.Create(255f);
        ref byte b = ref MemoryMarshal.GetReference(below), r = ref MemoryMarshal.GetReference(row);
        ref byte a = ref MemoryMarshal.GetReference(above);
        for (; i + 16 <= end; i += 16)
        {
            Vector256<float> low = half, high = half;
            Add(ref b, i, side, side, ref low, ref high);
            Add(ref r, i, side, middle, ref low, ref high);
            Add(ref a, i, side, side, ref low, ref high);
            Blend.Narrow(Blend.Cut(low, top), Blend.Cut(high, top))
                .StoreUnsafe(ref MemoryMarshal.GetReference(to), (nuint)i);
        }

        for (; i < end; i++)
        {
            float sum = 0.5f;
            sum += below[i - 3] * Side + below[i] * Side + below[i + 3] * Side;
            sum += row[i - 3] * Side + row[i] * Middle + row[i + 3] * Side;
            sum += above[i - 3] * Side + above[i] * Side + above[i + 3] * Side;
            to[i] = (byte)Math.Clamp(sum, 0f, 255f);
        }
    }

    private static void Add(
        ref byte row, int i, Vector256<float> side, Vector256<float> middle, ref Vector256<float> low,
        ref Vector256<float> high)
    {
        (Vector256<float> leftLow, Vector256<float> leftHigh) = Blend.Wide(Vector128.LoadUnsafe(ref row, (nuint)i - 3));
        (Vector256<float> midLow, Vector256<float> midHigh) = Blend.Wide(Vector128.LoadUnsafe(ref row, (nuint)i));
        (Vector256<float> rightLow, Vector256<float> rightHigh) =
            Blend.Wide(Vector128.LoadUnsafe(ref row, (nuint)i + 3));
        low += leftLow * side + midLow * middle + rightLow * side;
        high += leftHigh * side + midHigh * middle + rightHigh * side;
    }
}
