using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>
/// Says at compile time whether the weights' gradients are wanted, so that frozen ones cost no registers.
/// </summary>
internal interface IWanted
{
    /// <summary>Whether they are.</summary>
    bool Value { get; }
}

[ResidentGroups(2)]
internal struct Wanted : IWanted
{
    public readonly bool Value => true;
}

[ResidentGroups(3)]
internal struct Unwanted : IWanted
{
    public readonly bool Value => false;
}

/// <summary>Where the backward scan reads its gradient and leaves its results.</summary>
internal struct ScanGradientViews
{
    /// <summary>What is done with a target: nothing, because nobody wants it; added to; written for the first
    /// time.</summary>
    public const int Nothing = 0, Add = 1, Store = 2;

    /// <summary>The gradient of y.</summary>
    public ArrayView<float> DY;

    /// <summary>Targets of u, raw delta and (its second half) xz.</summary>
    public ArrayView<float> DU, DDelta, DXz;

    /// <summary>Partial sums (sample, group, token, 32) for B and C.</summary>
    public ArrayView<float> DBc;

    /// <summary>Partial sums (sample, 18, inner) for A_log, D and the bias.</summary>
    public ArrayView<float> DWeights;

    public int ForU, ForDelta, ForXz, WantsBc;
}
