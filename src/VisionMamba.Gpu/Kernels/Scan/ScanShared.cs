using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>
/// A group's shared memory as a thread sees it: the products whose sums over the channels are the gradients of B and C,
/// in whose place the sums over the states are exchanged afterwards; delta u and dy of a block; and for each block of
/// a tile B and C, the step sizes, and, but for the last, the states before it. 47 KB. Each view begins where the
/// thread's own part does, so that what is read is a constant away and no address has to be computed; what can begin at
/// the same place does, and a block's parts are equally far from the next block's.
/// </summary>
internal readonly struct ScanShared
{
    /// <summary>Of how many Float4 it consists.</summary>
    public const int Size = BlocksAt + (Tile / Block * Chunk) - StatesSize;

    /// <summary>How far a block of the tile is from the one before it in the views that have all blocks.</summary>
    public const int Chunk = BcSize + DeltaSize + StatesSize;

    /// <summary>Where B and C begin, and how far a block's are from the end of those before it.</summary>
    public const int BlocksAt = LinesAt + (Block * Pairs), BcGap = Chunk - BcSize;

    /// <summary>B of the thread's states at the tile's first token, of all blocks; C is four further.</summary>
    public readonly ArrayView<Float4> Bc;

    /// <summary>
    /// The states of the thread's first channel before the first block, and, one block earlier, what nobody reads.
    /// </summary>
    public readonly ArrayView<Float4> States, StatesBefore;

    /// <summary>Four tokens' delta of the thread's first channel in the first block, of all blocks.</summary>
    public readonly ArrayView<Float4> Delta;

    /// <summary>delta u and dy of both channels at the block's first token, and at the thread's own.</summary>
    public readonly ArrayView<Float4> Lines, OwnLine;

    /// <summary>The thread's own token's delta, and delta u in the place of the lines.</summary>
    public readonly ArrayView<float> OwnDelta, OwnDeltaU;

    /// <summary>The thread's own products of the block's first token.</summary>
    public readonly ArrayView<Float4> OwnProduct;

    /// <summary>The products that it adds, but for the last, and that.</summary>
    public readonly ArrayView<Float4> Row, RowEnd;

    /// <summary>Which of the row's four sums is the thread's: its two bits.</summary>
    public readonly bool Upper, Odd;

    /// <summary>How far the token that its warp adds is from the thread's own.</summary>
    public readonly int ToAdded;

    /// <summary>The first thread's sums of the token that is this thread's own.</summary>
    public readonly ArrayView<Float4> OwnSums;

    private const int Tile = ScanForwardKernels.Tile, Block = ScanBackwardKernels.Block;
    private const int Pairs = ScanBackwardKernels.Pairs, Line = ScanBackwardKernels.Row * Pairs;
    private const int BcSize = Block * ScanBackwardKernels.Row, DeltaSize = Block / 4 * 2 * Pairs;
    private const int StatesSize = 2 * ScanBackwardKernels.GroupSize;
    private const int LinesAt = Block * Line, DeltaAt = BlocksAt + BcSize, StatesAt = DeltaAt + DeltaSize;

    public ScanShared(in ScanBackThread thread, ArrayView<Float4> all)
    {
        ArrayView<Float4> own = all.SubView((thread.Quad * Pairs) + thread.Pair), pair = all.SubView(thread.Pair);
        ArrayView<float> numbers = all.Cast<float>().SubView((4 * thread.Pair) + thread.Quad);
        OwnProduct = own;
        Lines = pair.SubView(LinesAt);
        OwnLine = own.SubView(LinesAt);
        OwnDeltaU = numbers.SubView(4 * LinesAt);
        Bc = all.SubView(thread.Quad).SubView(BlocksAt);
        Delta = pair.SubView(DeltaAt);
        OwnDelta = numbers.SubView(4 * DeltaAt);
        States = own.SubView(StatesAt);
        StatesBefore = own.SubView(StatesAt - Chunk);
        OwnSums = all.SubView(ScanBackThread.Pin((thread.Quad * Line) + thread.Pair));
        // A lane adds every fourth pair. Lanes of neighbouring rows begin half of all banks apart.
        int begin = thread.Lane & 7, end = begin < 4 ? begin + Pairs - 4 : begin - 4;
        int row = ScanBackThread.Pin((thread.Row * Pairs) + begin);
        Row = all.SubView(row);
        RowEnd = all.SubView(ScanBackThread.Pin((thread.Row * Pairs) + end));
        (Upper, Odd) = ((row & 2) != 0, (row & 1) != 0);
        ToAdded = ScanBackThread.Pin(thread.Warp - thread.Quad);
    }
}
