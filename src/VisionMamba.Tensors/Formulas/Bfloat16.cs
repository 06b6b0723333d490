using System.Runtime.CompilerServices;

namespace VisionMamba.Tensors;

/// <summary>
/// bfloat16: the upper half of a 32-bit float, rounded to nearest, ties to even. The same on every device.
/// </summary>
internal static class Bfloat16
{
    /// <summary>The 16 bits nearest to <paramref name="value"/>; NaN stays NaN.</summary>
    public static uint Round(float value) => Round(BitConverter.SingleToUInt32Bits(value));

    /// <summary>The 16 bits nearest to the float that <paramref name="bits"/> are; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Round(uint bits)
    {
        uint rounded = bits + 0x7FFFu + ((bits >> 16) & 1u);
        // The carry of a NaN could run into infinity, and its payload may lie in the lower half.
        return (bits & 0x7FFFFFFFu) > 0x7F800000u ? (bits >> 16) | 0x40u : rounded >> 16;
    }
}
