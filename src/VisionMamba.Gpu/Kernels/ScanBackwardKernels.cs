using ILGPU;

namespace VisionMamba.Gpu.Kernels;

// dy = scale dOut silu(z)          dz += scale dOut s silu'(z)        g = dh + dy C
// dC += sum over channels dy h     dB += sum over channels g delta u  v = g . B        q = g exp(delta A) h_(t-1)
// du += v delta + D dy             ddelta = v u + q . A               draw += ddelta sigma(raw + bias)
// dD += dy u   dbias += draw       dA_log += A q delta                dh = g exp(delta A)
//
// A thread owns four of the 16 states of two channels; the four threads of a channel are 8 lanes apart, so that every
// access to u, raw, z and their gradients is four tokens' sectors of 32 bytes. The forward pass left the states before
// every tile of 24 tokens. A tile is run once to have the states before each block of four tokens in shared memory;
// then, from its last block to the first, a block is run with states and decays in registers and gone back through. So
// a token and state cost 1 + 5/6 exponentials, and a token's inputs are read from memory once: what a block needs again
// is in registers, and the tile's first run reads 12 KB that its blocks find in the cache.
//
// Before a block each thread computes the step size of one of its four tokens, and all share them; after it, each gets
// one token's sums over the states and writes its gradients. The sums over channels for B and C are made in shared
// memory in a fixed order, written per group, and added by a second kernel; so are the weights' sums over the samples.
// Nothing is atomic.
internal static class ScanBackwardKernels
{
    /// <summary>Threads of a group: 4 x 32, two channels each.</summary>
    public const int GroupSize = 128;

    /// <summary>Channels of a group.</summary>
    public const int Channels = 64;

    /// <summary>Lines of the weights' partial sums: 16 states, D and the bias.</summary>
    public const int WeightLines = 18;

    private const int Tile = ScanForwardKernels.Tile, Block = 4, Quads = ScanForwardKernels.MaxQuads;
    private const int Pairs = Channels / 2, Row = 2 * Quads;

    /// <summary>Groups: x over the channels, y over the samples.</summary>
    public static KernelConfig Configure(int batch, int inner) =>
        (new Index3D(Groups(inner), batch, 1), new Index3D(GroupSize, 1, 1));

    /// <summary>Groups that share a sample: so many partial sums there are for B and C.</summary>
    public static int Groups(int inner) => (inner + Channels - 1) / Channels;

    /// <summary>The kernel, with or without the weights' sums; fewer than 16 states are padded with zeros.</summary>
    public static void Run<TWeights>(ScanArguments s, ScanGradientViews targets)
        where TWeights : struct, IWanted
    {
        ScanShared shared = default;
        shared.Bc = SharedMemory.Allocate<Float4>(Tile * Row).AsAligned16();
        shared.States = SharedMemory.Allocate<Float4>(2 * (Tile / Block) * GroupSize).AsAligned16();
        shared.Lines = SharedMemory.Allocate<Float4>(Block * Channels).AsAligned16();
        shared.Products = SharedMemory.Allocate<Float4>(Block * Row * Pairs).AsAligned16();
        var thread = new ScanBackThread(Group.IdxX);
        ScanBackChannel<TWeights> low = default, high = default;
        low.Begin(s, Grid.IdxY, (Grid.IdxX * Channels) + thread.Low, thread.Quad);
        high.Begin(s, Grid.IdxY, (Grid.IdxX * Channels) + thread.High, thread.Quad);
        int last = (s.Length - 1) / Block * Block;
        low.Prefetch(s, targets, last + thread.Quad);
        high.Prefetch(s, targets, last + thread.Quad);
        for (int tile = (s.Length - 1) / Tile; tile >= 0; tile--)
        {
            int first = tile * Tile, steps = s.Length - first < Tile ? s.Length - first : Tile;
            int blocks = (steps + Block - 1) / Block;
            ScanTile.Stage(s, Grid.IdxY, first, Quads, blocks * Block, shared.Bc);
            low.LoadKept(s, tile, thread.Quad);
            high.LoadKept(s, tile, thread.Quad);
            Group.Barrier();
            KeepStates(ref low, ref high, s, thread, shared, first, blocks);
            for (int block = blocks - 1; block >= 0; block--)
                RunBlock(ref low, ref high, s, targets, thread, shared, first, block);
        }

        if (default(TWeights).Value)
        {
            low.StoreWeights(s, targets.DWeights, thread.Quad);
            high.StoreWeights(s, targets.DWeights, thread.Quad);
        }
    }

    /// <summary>Runs a tile and keeps the states before each of its blocks.</summary>
    private static void KeepStates<TWeights>(
        ref ScanBackChannel<TWeights> low, ref ScanBackChannel<TWeights> high, in ScanArguments s,
        in ScanBackThread thread, in ScanShared shared, int first, int blocks)
        where TWeights : struct, IWanted
    {
        low.PrefetchStep(s, first + thread.Quad);
        high.PrefetchStep(s, first + thread.Quad);
        for (int block = 0; block < blocks; block++)
        {
            shared.States[(2 * block * GroupSize) + Group.IdxX] = low.H;
            shared.States[(((2 * block) + 1) * GroupSize) + Group.IdxX] = high.H;
            if (block + 1 == blocks)
                break;
            // Only lanes of a warp share a channel.
            Warp.Barrier();
            shared.Lines[(thread.Quad * Channels) + thread.Low] = low.StepLine();
            shared.Lines[(thread.Quad * Channels) + thread.High] = high.StepLine();
            Warp.Barrier();
            low.PrefetchStep(s, first + (Block * (block + 1)) + thread.Quad);
            high.PrefetchStep(s, first + (Block * (block + 1)) + thread.Quad);
            for (int i = 0; i < Block; i++)
            {
                Float4 b = shared.Bc[(((Block * block) + i) * Row) + thread.Quad];
                low.Advance(shared.Lines[(i * Channels) + thread.Low], b);
                high.Advance(shared.Lines[(i * Channels) + thread.High], b);
            }
        }
    }

    private static void RunBlock<TWeights>(
        ref ScanBackChannel<TWeights> low, ref ScanBackChannel<TWeights> high, in ScanArguments s,
        in ScanGradientViews targets, in ScanBackThread thread, in ScanShared shared, int first, int block)
        where TWeights : struct, IWanted
    {
        int step = first + (Block * block) + thread.Quad;
        Float4 lowLine = low.Take(s, step), highLine = high.Take(s, step);
        low.Prefetch(s, targets, step - Block);
        high.Prefetch(s, targets, step - Block);
        low.H = shared.States[(2 * block * GroupSize) + Group.IdxX];
        high.H = shared.States[(((2 * block) + 1) * GroupSize) + Group.IdxX];
        Warp.Barrier();
        shared.Lines[(thread.Quad * Channels) + thread.Low] = lowLine;
        shared.Lines[(thread.Quad * Channels) + thread.High] = highLine;
        // The last block's products have been added, too.
        Group.Barrier();
        int at = (Block * block * Row) + thread.Quad;
        Run(ref low, shared, thread.Low, at);
        Run(ref high, shared, thread.High, at);
        // Four steps' sums over four states become one step's sums over 16, for each of the four threads that share a
        // channel: 3 shuffles a step, where butterflies take 6.
        bool odd = (thread.Quad & 1) != 0;
        ScanSumsPair s3 = GoBack(ref low, ref high, thread, shared, at, 3);
        ScanSumsPair s2 = ScanSumsPair.Exchange(GoBack(ref low, ref high, thread, shared, at, 2), s3, odd, 8);
        ScanSumsPair s1 = GoBack(ref low, ref high, thread, shared, at, 1);
        ScanSumsPair s0 = ScanSumsPair.Exchange(GoBack(ref low, ref high, thread, shared, at, 0), s1, odd, 8);
        ScanSumsPair sums = ScanSumsPair.Exchange(s0, s2, thread.Quad >= 2, 16);
        int line = thread.Quad * Channels;
        low.Finish(s, targets, sums.Low, shared.Lines[line + thread.Low], step);
        high.Finish(s, targets, sums.High, shared.Lines[line + thread.High], step);
        Group.Barrier();
        if (targets.WantsBc != 0)
            AddChannels(s, targets, shared, first + (Block * block));
    }

    private static void Run<TWeights>(
        ref ScanBackChannel<TWeights> channel, in ScanShared shared, int column, int at)
        where TWeights : struct, IWanted => channel.Run(
            shared.Lines[column], shared.Lines[Channels + column], shared.Lines[(2 * Channels) + column],
            shared.Lines[(3 * Channels) + column], shared.Bc[at], shared.Bc[at + Row], shared.Bc[at + (2 * Row)],
            shared.Bc[at + (3 * Row)]);

    /// <summary>Step <paramref name="i"/> of a block, of both channels; leaves their share of dB and dC.</summary>
    private static ScanSumsPair GoBack<TWeights>(
        ref ScanBackChannel<TWeights> low, ref ScanBackChannel<TWeights> high, in ScanBackThread thread,
        in ScanShared shared, int at, int i)
        where TWeights : struct, IWanted
    {
        Float4 b = shared.Bc[at + (i * Row)], c = shared.Bc[at + (i * Row) + Quads], dB = default, dC = default;
        ScanSums first = low.GoBack(shared.Lines[(i * Channels) + thread.Low], b, c, ref dB, ref dC);
        ScanSums second = high.GoBack(shared.Lines[(i * Channels) + thread.High], b, c, ref dB, ref dC);
        int row = (i * Row) + thread.Quad;
        shared.Products[(row * Pairs) + thread.Pair] = dB;
        shared.Products[((row + Quads) * Pairs) + thread.Pair] = dC;
        return new ScanSumsPair(first, second);
    }

    /// <summary>
    /// A warp adds one token's 32 numbers over 32 pairs of channels and writes them as one line: four lanes a row of
    /// four numbers, a quarter of the pairs each. A lane begins at its own pair, so that eight lanes read from all
    /// banks; that fixes the order of each sum.
    /// </summary>
    private static void AddChannels(
        in ScanArguments s, in ScanGradientViews targets, in ScanShared shared, int firstStep)
    {
        const int Share = Pairs / 4;
        int lane = Group.IdxX % WarpSums.Lanes, step = firstStep + (Group.IdxX / WarpSums.Lanes);
        int row = ((Group.IdxX / 4) * Pairs) + (Share * (lane % 4));
        Float4 sum = shared.Products[row + (lane & (Share - 1))];
        for (int i = 1; i < Share; i++)
            sum += shared.Products[row + ((i + lane) & (Share - 1))];
        bool upper = (lane & 2) != 0, odd = (lane & 1) != 0;
        float first = ScanSums.Exchange(sum.X, sum.Z, upper, 2), second = ScanSums.Exchange(sum.Y, sum.W, upper, 2);
        float number = ScanSums.Exchange(first, second, odd, 1);
        if (step >= s.Length)
            return;
        long token = ((((long)Grid.IdxY * Grid.DimX) + Grid.IdxX) * s.Length) + s.Token(step);
        targets.DBc[(token * WarpSums.Lanes) + lane] = number;
    }
}

/// <summary>
/// Which of the 16 states a thread has (its quad), which two channels of the group, and the number of that pair. A warp
/// has 16 neighbouring channels.
/// </summary>
internal readonly struct ScanBackThread
{
    public readonly int Quad, Low, High, Pair;

    public ScanBackThread(int thread)
    {
        int warp = thread / WarpSums.Lanes, within = thread % 8;
        Quad = thread % WarpSums.Lanes / 8;
        Low = (16 * warp) + within;
        High = Low + 8;
        Pair = (8 * warp) + within;
    }
}

/// <summary>
/// A group's shared memory: B and C of a tile; the states before its blocks; delta, delta u and dy of a block's tokens;
/// and the products whose sums over the channels are the gradients of B and C. 47 KB.
/// </summary>
internal struct ScanShared
{
    public ArrayView<Float4> Bc, States, Lines, Products;
}
