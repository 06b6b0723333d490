namespace VisionMamba.Tensors.Cpu;

/// <summary>
/// A piece of the scan's backward pass: which channels of which sample, the gradient that comes in, and the first
/// numbers of the tensors that gradients are added to; null where frozen.
/// </summary>
internal unsafe struct ScanBackwardJob
{
    public int Sample, From, Channels;

    public float* DY, DU, DDelta, DXz;

    /// <summary>Whether DU and DDelta are written instead of added to.</summary>
    public bool StoreU, StoreDelta;

    /// <summary>(length, 2 state): this piece's sums over its channels.</summary>
    public float* DBc;

    /// <summary>(inner, state + 2) of this sample: dA_log, dD and the bias' gradient; null when frozen.</summary>
    public float* DWeights;
}
