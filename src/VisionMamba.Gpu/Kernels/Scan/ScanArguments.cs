using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>
/// One direction of a selective scan as a kernel sees it: up to 16 states beginning at <see cref="FirstState"/>. More
/// states are further launches, because output and gradients are sums over the states.
/// </summary>
internal struct ScanArguments
{
    public ArrayView<float> U, Delta, Bc, Xz, ALog, D, DeltaBias;

    /// <summary>Sizes; State counts all states.</summary>
    public int Length, Inner, State;

    /// <summary>The first of this launch's states and how many there are.</summary>
    public int FirstState, States;

    /// <summary>Columns of Bc, and where B begins.</summary>
    public int BcStride, BcOffset;

    /// <summary>1 from the first token to the last, -1 from the last to the first.</summary>
    public int Direction;

    /// <summary>1 in the launch that adds D u, else 0.</summary>
    public float SkipFactor;

    public float Scale;

    /// <summary>
    /// The states before every tile of tokens but the first, which the forward pass leaves for the backward pass:
    /// (tile, group of four states, sample, channel).
    /// </summary>
    public ArrayView<Float4> Kept;

    /// <summary>Groups of four of all states, and whether they are kept.</summary>
    public int KeptQuads, Keeps;

    /// <summary>Whether y is added to.</summary>
    public int Accumulate;

    /// <summary>Where the states <paramref name="quad"/> of this launch begin that were before a tile.</summary>
    public readonly long KeptAt(int tile, int quad) =>
        (((long)(tile - 1) * KeptQuads) + (FirstState / 4) + quad) * Grid.DimY * Inner;

    /// <summary>The token that the recurrence reaches at its step <paramref name="step"/>, or the last one.</summary>
    public readonly int Token(int step)
    {
        int within = step < Length ? step : Length - 1;
        return Direction > 0 ? within : Length - 1 - within;
    }
}
