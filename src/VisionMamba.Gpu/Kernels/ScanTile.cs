using ILGPU;
using ILGPU.Runtime;

namespace VisionMamba.Gpu.Kernels;

/// <summary>B and C of some tokens in shared memory: per token the groups of four of B, then those of C.</summary>
internal static class ScanTile
{
    /// <summary>Declares that a view begins at a multiple of 16 bytes, so that its elements move in one access.</summary>
    public static ArrayView<Float4> AsAligned16(this ArrayView<Float4> view) => view.AsAligned(16);

    /// <summary>Copies the steps first .. first+steps-1, all threads of the group together; missing states are 0.</summary>
    public static void Stage(in ScanArguments s, int sample, int first, int quads, int steps, ArrayView<Float4> bc)
    {
        int row = 2 * quads;
        for (int i = Group.IdxX; i < steps * row; i += Group.DimX)
        {
            int step = i / row, column = i % row;
            bool isB = column < quads;
            int n = 4 * (isB ? column : column - quads);
            long at = ((((long)sample * s.Length) + s.Token(first + step)) * s.BcStride) + s.BcOffset + s.FirstState + n;
            at += isB ? 0 : s.State;
            bc[i] = new Float4(
                Read(s, at, n), Read(s, at + 1, n + 1), Read(s, at + 2, n + 2), Read(s, at + 3, n + 3));
        }
    }

    private static float Read(in ScanArguments s, long at, int n) => n < s.States ? s.Bc[at] : 0f;
}

/// <summary>A thread's sample and channel; not owned where it only follows along past the last channel.</summary>
internal readonly struct ScanPlace(int sample, int channel, bool owned)
{
    public readonly int Sample = sample, Channel = channel;
    public readonly bool Owned = owned;
}

/// <summary>What a channel reads at one token.</summary>
internal struct ScanInput
{
    public float U, Raw, Z;

    /// <summary>All of it.</summary>
    public void Load(in ScanArguments s, int sample, int channel, int step)
    {
        LoadStep(s, sample, channel, step);
        long row = ((long)sample * s.Length) + s.Token(step);
        Z = s.Xz[(((2 * row) + 1) * s.Inner) + channel];
    }

    /// <summary>What moves the states on: u and the step size.</summary>
    public void LoadStep(in ScanArguments s, int sample, int channel, int step)
    {
        long at = ((((long)sample * s.Length) + s.Token(step)) * s.Inner) + channel;
        U = s.U[at];
        Raw = s.Delta[at];
    }
}

/// <summary>What a channel reads at four tokens.</summary>
internal struct ScanFour
{
    public ScanInput First, Second, Third, Fourth;

    public void Load(in ScanArguments s, int sample, int channel, int step)
    {
        First.Load(s, sample, channel, step);
        Second.Load(s, sample, channel, step + 1);
        Third.Load(s, sample, channel, step + 2);
        Fourth.Load(s, sample, channel, step + 3);
    }

    /// <summary>Without z.</summary>
    public void LoadSteps(in ScanArguments s, int sample, int channel, int step)
    {
        First.LoadStep(s, sample, channel, step);
        Second.LoadStep(s, sample, channel, step + 1);
        Third.LoadStep(s, sample, channel, step + 2);
        Fourth.LoadStep(s, sample, channel, step + 3);
    }
}
