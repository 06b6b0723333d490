using ILGPU;
using ILGPU.Runtime;

namespace VisionMamba.Gpu.Kernels;

/// <summary>B and C of some tokens in shared memory: per token the groups of four of B, then those of C.</summary>
internal static class ScanTile
{
    /// <summary>
    /// Declares that a view begins at a multiple of 16 bytes, so that its elements move in one access.
    /// </summary>
    public static ArrayView<Float4> AsAligned16(this ArrayView<Float4> view) => view.AsAligned(16);

    /// <summary>
    /// Copies the steps first .. first+steps-1, all threads of the group together; missing states are 0.
    /// <paramref name="quads"/>, the groups of four states, are 1, 2 or 4.
    /// </summary>
    public static void Stage(in ScanArguments s, int sample, int first, int quads, int steps, ArrayView<Float4> bc)
    {
        int row = 2 * quads, shift = quads == 1 ? 1 : quads == 2 ? 2 : 3;
        ArrayView<float> from = s.Bc.SubView(((long)sample * s.Length * s.BcStride) + s.BcOffset + s.FirstState);
        for (int i = Group.IdxX; i < steps * row; i += Group.DimX)
        {
            int step = i >> shift, column = i & (row - 1);
            bool isB = column < quads;
            int n = 4 * (isB ? column : column - quads);
            int at = (s.Token(first + step) * s.BcStride) + n + (isB ? 0 : s.State);
            ArrayView<float> four = from.SubView(n < s.States ? at : 0);
            bc[i] = new Float4(
                n < s.States ? four[0] : 0f, n + 1 < s.States ? four[1] : 0f, n + 2 < s.States ? four[2] : 0f,
                n + 3 < s.States ? four[3] : 0f);
        }
    }
}
