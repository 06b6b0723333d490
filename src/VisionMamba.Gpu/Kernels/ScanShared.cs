using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>
/// A group's shared memory as a thread sees it: B and C of a tile; the states before its blocks; delta, delta u and dy
/// of a block's tokens; and the products whose sums over the channels are the gradients of B and C. 47 KB. Each view
/// begins where the thread's own part does, so that what is read is a constant away and no address has to be computed.
/// </summary>
internal readonly struct ScanShared
{
    /// <summary>B of the thread's states at the tile's first token; C is four further.</summary>
    public readonly ArrayView<Float4> Bc;

    /// <summary>The states of the thread's first channel before the first block.</summary>
    public readonly ArrayView<Float4> States;

    /// <summary>The line of the thread's first channel at the block's first token, and at its own.</summary>
    public readonly ArrayView<Float4> Lines, OwnLine;

    /// <summary>The thread's own products of the block's first token.</summary>
    public readonly ArrayView<Float4> OwnProduct;

    /// <summary>The products that it adds.</summary>
    public readonly ArrayView<Float4> Row;

    public ScanShared(
        in ScanBackThread thread, ArrayView<Float4> bc, ArrayView<Float4> states, ArrayView<Float4> lines,
        ArrayView<Float4> products)
    {
        Bc = bc.SubView(thread.Quad);
        States = states.SubView(Group.IdxX);
        Lines = lines.SubView(thread.Low);
        OwnLine = lines.SubView((thread.Quad * ScanBackwardKernels.Channels) + thread.Low);
        Row = products.SubView(
            ((Group.IdxX >> 2) * ScanBackwardKernels.Pairs) + (ScanBackwardKernels.Share * (thread.Lane & 3)));
        OwnProduct = products.SubView((thread.Quad * ScanBackwardKernels.Pairs) + thread.Pair);
    }
}
