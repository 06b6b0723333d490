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
    /// <paramref name="quads"/>, the groups of four states, are 1, 2 or 4. After every four
    /// steps stands a <paramref name="gap"/>.
    /// </summary>
    public static void Stage(
        in ScanArguments s, int sample, int first, int quads, int steps, ArrayView<Float4> bc, int gap = 0)
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
            bc[i + ((step >> 2) * gap)] = new Float4(
                n < s.States ? four[0] : 0f, n + 1 < s.States ? four[1] : 0f, n + 2 < s.States ? four[2] : 0f,
                n + 3 < s.States ? four[3] : 0f);
        }
    }

    /// <summary>
    /// The same of 16 states, by a group of 128 threads, in tensors of less than 2^31 numbers, which takes less than
    /// half of the instructions: a thread copies the same four of a token's 32 numbers at every 16th step.
    /// </summary>
    public static void StageSixteen(
        in ScanArguments s, int sample, int first, int steps, ArrayView<Float4> bc, int gap)
    {
        const int Row = 2 * ScanForwardKernels.MaxQuads, Apart = ScanBackwardKernels.GroupSize / Row;
        int column = Group.IdxX & (Row - 1), step = Group.IdxX >> 3, n = 4 * (column & 3);
        int at = (sample * s.Length * s.BcStride) + s.BcOffset + s.FirstState + n + (column > 3 ? s.State : 0);
        ArrayView<Float4> to = bc.SubView(Group.IdxX + ((step >> 2) * gap));
        for (int i = step; i < steps; i += Apart)
        {
            ArrayView<float> four = s.Bc.SubView(at + (s.Token(first + i) * s.BcStride));
            to[(i - step) * (Row + (gap / 4))] = new Float4(four[0], four[1], four[2], four[3]);
        }
    }
}
