using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>How a reduction joins two values.</summary>
internal interface IJoin<T>
    where T : unmanaged
{
    T Of(T a, T b);
}

internal struct Sum : IJoin<double>
{
    public readonly double Of(double a, double b) => a + b;
}

internal struct Larger : IJoin<int>
{
    public readonly int Of(int a, int b) => Math.Max(a, b);
}

/// <summary>One value of all threads of a group, joined in one order.</summary>
internal static class GroupReduction
{
    /// <summary>Threads of a group.</summary>
    public const int GroupSize = 128;

    /// <summary>Groups that share the numbers of a whole tensor.</summary>
    public static int Groups(long count) => (int)Math.Clamp((count + 4095) / 4096, 1, 264);

    /// <summary>So many groups.</summary>
    public static KernelConfig Configure(int groups) => (new Index3D(groups, 1, 1), new Index3D(GroupSize, 1, 1));

    /// <summary>The thread's first number of those that all groups share.</summary>
    public static long First => ((long)Grid.IdxX * GroupSize) + Group.IdxX;

    /// <summary>How far its next number is.</summary>
    public static long Step => (long)GroupSize * Grid.DimX;

    /// <summary>The threads' values joined, in all of them.</summary>
    public static T Of<T, TJoin>(T value)
        where T : unmanaged
        where TJoin : struct, IJoin<T>
    {
        ArrayView<T> all = SharedMemory.Allocate<T>(GroupSize);
        all[Group.IdxX] = value;
        Group.Barrier();
        for (int half = GroupSize / 2; half > 0; half /= 2)
        {
            if (Group.IdxX < half)
                all[Group.IdxX] = default(TJoin).Of(all[Group.IdxX], all[Group.IdxX + half]);
            Group.Barrier();
        }

        T joined = all[0];
        Group.Barrier();
        return joined;
    }
}
