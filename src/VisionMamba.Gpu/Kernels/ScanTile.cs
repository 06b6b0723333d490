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
    /// </summary>
    public static void Stage(in ScanArguments s, int sample, int first, int quads, int steps, ArrayView<Float4> bc)
    {
        int row = 2 * quads;
        for (int i = Group.IdxX; i < steps * row; i += Group.DimX)
        {
            int step = i / row, column = i % row;
            bool isB = column < quads;
            int n = 4 * (isB ? column : column - quads);
            long at = (((long)sample * s.Length) + s.Token(first + step)) * s.BcStride;
            at += s.BcOffset + s.FirstState + n;
            at += isB ? 0 : s.State;
            bc[i] = new Float4(
                Read(s, at, n), Read(s, at + 1, n + 1), Read(s, at + 2, n + 2), Read(s, at + 3, n + 3));
        }
    }

    private static float Read(in ScanArguments s, long at, int n) => n < s.States ? s.Bc[at] : 0f;
}

/// <summary>
/// A thread's sample and channel; not owned where it only follows along past the last channel. Where its numbers begin
/// is computed once: a token's are then one 32-bit product away (three 64-bit products a token were a quarter of the
/// forward kernel's instructions).
/// </summary>
internal readonly struct ScanPlace
{
    public readonly int Sample, Channel;

    /// <summary>
    /// The channel's first token in (batch, length, inner) and in the gate's half of (batch, length, 2 inner).
    /// </summary>
    public readonly long At, AtGate;

    public readonly bool Owned;

    public ScanPlace(in ScanArguments s, int sample, int owned)
    {
        Owned = owned < s.Inner;
        Channel = Owned ? owned : s.Inner - 1;
        Sample = sample;
        At = ((long)sample * s.Length * s.Inner) + Channel;
        AtGate = (2L * sample * s.Length * s.Inner) + s.Inner + Channel;
    }
}

/// <summary>What a channel reads at one token.</summary>
internal struct ScanInput
{
    public float U, Raw, Z;

    /// <summary>All of it.</summary>
    public void Load(in ScanArguments s, in ScanPlace place, int step)
    {
        int offset = s.Token(step) * s.Inner;
        U = s.U[place.At + offset];
        Raw = s.Delta[place.At + offset];
        Z = s.Xz[place.AtGate + offset + offset];
    }
}

/// <summary>What a channel reads at four tokens.</summary>
internal struct ScanFour
{
    public ScanInput First, Second, Third, Fourth;

    public void Load(in ScanArguments s, in ScanPlace place, int step)
    {
        First.Load(s, place, step);
        Second.Load(s, place, step + 1);
        Third.Load(s, place, step + 2);
        Fourth.Load(s, place, step + 3);
    }
}
