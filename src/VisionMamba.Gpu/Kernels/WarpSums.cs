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

    /// <summary>The sum of all lanes' values in every lane, in double precision.</summary>
    public static double All(double value)
    {
        value += Warp.ShuffleXor(value, 16);
        value += Warp.ShuffleXor(value, 8);
        value += Warp.ShuffleXor(value, 4);
        value += Warp.ShuffleXor(value, 2);
        return value + Warp.ShuffleXor(value, 1);
    }

    /// <summary>The largest of all lanes' values in every lane.</summary>
    public static float Largest(float value)
    {
        for (int step = Lanes / 2; step > 0; step /= 2)
        {
            float other = Warp.ShuffleXor(value, step);
            value = other > value ? other : value;
        }

        return value;
    }
}
