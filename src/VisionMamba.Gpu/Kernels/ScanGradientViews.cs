using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>
/// Where the backward scan reads its gradient and adds its results; a target that nobody wants has flag 0.
/// </summary>
internal struct ScanGradientViews
{
    /// <summary>The gradient of y.</summary>
    public ArrayView<float> DY;

    /// <summary>Targets of u, raw delta and (its second half) xz.</summary>
    public ArrayView<float> DU, DDelta, DXz;

    /// <summary>States at the beginnings of the blocks.</summary>
    public ArrayView<Float4> Kept;

    /// <summary>Partial sums (sample, group, token, 2 quads) for B and C.</summary>
    public ArrayView<Float4> DBc;

    /// <summary>Partial sums (sample, states + 2, inner) for A_log, D and the bias.</summary>
    public ArrayView<float> DWeights;

    public int WantsU, WantsDelta, WantsXz, WantsBc;

    /// <summary>Adds one token's gradients.</summary>
    public readonly void Add(long at, long atZ, float dU, float dRaw, float dZ)
    {
        if (WantsU != 0)
            DU[at] += dU;
        if (WantsDelta != 0)
            DDelta[at] += dRaw;
        if (WantsXz != 0)
            DXz[atZ] += dZ;
    }
}

/// <summary>A group's shared memory.</summary>
internal struct ScanShared
{
    public ArrayView<Float4> Bc, States, Halves;
    public ArrayView<float> Dy, Delta;
}
