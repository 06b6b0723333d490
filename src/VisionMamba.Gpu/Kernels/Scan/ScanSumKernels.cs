using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>The second stage of the backward scan's sums for B and C, in a fixed order.</summary>
internal static class ScanSumKernels
{
    /// <summary>Threads of a group.</summary>
    public const int GroupSize = 128;

    /// <summary>A thread for each of <paramref name="count"/> sums.</summary>
    public static KernelConfig Configure(long count) =>
        (new Index3D((int)((count + GroupSize - 1) / GroupSize), 1, 1), new Index3D(GroupSize, 1, 1));

    /// <summary>
    /// B and C, a thread for each token and group of four: parts (sample, group, token, 2 x 4 groups), rows = batch
    /// length.
    /// </summary>
    public static void AddBc(
        ScanArguments s, int groups, int rows, ArrayView<Float4> parts, ArrayView<float> dBc)
    {
        long index = ((long)Grid.IdxX * GroupSize) + Group.IdxX;
        const int Quads = ScanForwardKernels.MaxQuads;
        int row = (int)(index / (2 * Quads)), column = (int)(index % (2 * Quads));
        if (row >= rows)
            return;
        int sample = row / s.Length, token = row % s.Length;
        float x = 0f, y = 0f, z = 0f, w = 0f;
        for (int group = 0; group < groups; group++)
        {
            Float4 part = parts[(((((long)sample * groups) + group) * s.Length) + token) * 2 * Quads + column];
            x += part.X;
            y += part.Y;
            z += part.Z;
            w += part.W;
        }

        int n = 4 * (column < Quads ? column : column - Quads);
        long at = ((long)row * s.BcStride) + s.BcOffset + s.FirstState + n + (column < Quads ? 0 : s.State);
        Add(dBc, at, n, s.States, x);
        Add(dBc, at + 1, n + 1, s.States, y);
        Add(dBc, at + 2, n + 2, s.States, z);
        Add(dBc, at + 3, n + 3, s.States, w);
    }

    private static void Add(ArrayView<float> to, long at, int n, int states, float value)
    {
        if (n < states)
            to[at] += value;
    }
}
