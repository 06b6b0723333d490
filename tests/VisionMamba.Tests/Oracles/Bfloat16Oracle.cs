namespace VisionMamba.Tests.Oracles;

/// <summary>bfloat16, written plainly: of the two neighbours with 16 bits the nearer.</summary>
internal static class Bfloat16Oracle
{
    /// <summary>Ties, numbers that round up to the next power or to infinity, denormals, infinities and NaN.</summary>
    public static readonly float[] Special =
    [
        1, -1, 0, -0f, 1 + (1f / 256), 1 + (3f / 256), 1 + (1f / 256) + 1e-6f, float.MaxValue, float.MinValue,
        float.Epsilon, 1e-39f, float.PositiveInfinity, float.NegativeInfinity, float.NaN,
        BitConverter.Int32BitsToSingle(0x7FFFFFFF), BitConverter.Int32BitsToSingle(0x7F800001), 3.14159274f,
    ];

    /// <summary>Of two neighbours as near the one whose last bit is 0.</summary>
    public static float Round(float x)
    {
        if (float.IsNaN(x))
            return float.NaN;
        int below = BitConverter.SingleToInt32Bits(x) & ~0xFFFF, above = below + 0x10000;
        int rest = BitConverter.SingleToInt32Bits(x) & 0xFFFF;
        bool up = rest > 0x8000 || (rest == 0x8000 && (below & 0x10000) != 0);
        return BitConverter.Int32BitsToSingle(up ? above : below);
    }
}
