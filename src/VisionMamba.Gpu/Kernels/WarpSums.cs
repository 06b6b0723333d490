using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>Sums over the 32 lanes of a warp.</summary>
internal static class WarpSums
{
    /// <summary>Lanes of a warp.</summary>
    public const int Lanes = 32;

    /// <summary>The sum of all lanes' values in every lane: a butterfly, the same order in every run.</summary>
    public static float All(float value)
    {
        value += Warp.ShuffleXor(value, 16);
        value += Warp.ShuffleXor(value, 8);
        value += Warp.ShuffleXor(value, 4);
        value += Warp.ShuffleXor(value, 2);
        return value + Warp.ShuffleXor(value, 1);
    }
}
