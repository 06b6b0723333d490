namespace VisionMamba.Tensors;

/// <summary>IEEE 754 numbers of 16 bits: a sign, 5 bits of exponent and 10 of mantissa.</summary>
internal static class Float16
{
    // As bits of floats: infinity, the least normal number of 16 bits (2^-14), and what their exponents differ by.
    private const uint Infinity = 0x7F800000, LeastNormal = 0x38800000, Apart = 0x38000000;

    /// <summary>
    /// A float's bits rounded to 16, to nearest and ties to even; above 65,504 infinity. NaN stays NaN.
    /// </summary>
    public static uint Round(uint bits)
    {
        uint sign = (bits >> 16) & 0x8000, size = bits & 0x7FFFFFFF;
        if (size >= Infinity)
            return sign | (size > Infinity ? 0x7E00u : 0x7C00u);
        uint rounded = size >= LeastNormal
            ? (size - Apart + 0xFFF + ((size >> 13) & 1)) >> 13
            : Subnormal(size);
        return sign | (rounded > 0x7C00 ? 0x7C00 : rounded);
    }

    /// <summary>A multiple of 2^-24: its whole bits, then half of a bit and what is below it decide.</summary>
    private static uint Subnormal(uint size)
    {
        int shift = 126 - (int)(size >> 23);
        if (shift > 24)
            return 0;
        uint mantissa = (size & 0x7FFFFF) | 0x800000, whole = mantissa >> shift;
        uint rest = mantissa & ((1u << shift) - 1), half = 1u << (shift - 1);
        return whole + (rest > half || (rest == half && (whole & 1) != 0) ? 1u : 0u);
    }
}
