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

    /// <summary>Pairs of channels, and how many of them a thread adds.</summary>
    public const int Pairs = Channels / 2, Share = Pairs / 4;

    private const int Tile = ScanForwardKernels.Tile, Block = 4, Quads = ScanForwardKernels.MaxQuads;
    private const int Row = 2 * Quads, Between = ScanBackThread.Between;

    /// <summary>Groups: x over the channels, y over the samples.</summary>
    public static KernelConfig Configure(int batch, int inner) =>
        (new Index3D(Groups(inner), batch, 1), new Index3D(GroupSize, 1, 1));

    /// <summary>Groups that share a sample: so many partial sums there are for B and C.</summary>
    public static int Groups(int inner) => (inner + Channels - 1) / Channels;

    /// <summary>The kernel, with or without the weights' sums; fewer than 16 states are padded with zeros.</summary>
    public static void Run<TWeights>(ScanArguments s, ScanGradientViews targets)
        where TWeights : struct, IWanted
    {
        ArrayView<Float4> bc = SharedMemory.Allocate<Float4>(Tile * Row).AsAligned16();
        ArrayView<Float4> states = SharedMemory.Allocate<Float4>(2 * (Tile / Block) * GroupSize).AsAligned16();
        ArrayView<Float4> lines = SharedMemory.Allocate<Float4>(Block * Channels).AsAligned16();
        ArrayView<Float4> products = SharedMemory.Allocate<Float4>(Block * Row * Pairs).AsAligned16();
        var thread = new ScanBackThread(Group.IdxX);
        var shared = new ScanShared(thread, bc, states, lines, products);
        var first = new ScanPlace(s, Grid.IdxY, (Grid.IdxX * Channels) + thread.Low);
        var second = new ScanPlace(s, Grid.IdxY, (Grid.IdxX * Channels) + thread.High);
        var tokens = new ScanBackTokens(s, targets, first);
        ScanBackChannel<TWeights> low = default, high = default;
        low.Begin(s, first, first, thread.Quad);
        high.Begin(s, second, first, thread.Quad);
        int last = tokens.Steps.Offset(((s.Length - 1) / Block * Block) + thread.Quad);
        low.Prefetch(tokens, last);
        high.Prefetch(tokens, last);
        for (int tile = (s.Length - 1) / Tile; tile >= 0; tile--)
        {
            int begin = tile * Tile, steps = s.Length - begin < Tile ? s.Length - begin : Tile;
            int blocks = (steps + Block - 1) / Block;
            ScanTile.Stage(s, Grid.IdxY, begin, Quads, blocks * Block, bc);
            low.LoadKept(s, tile, thread.Quad);
            high.LoadKept(s, tile, thread.Quad);
            Group.Barrier();
            KeepStates(ref low, ref high, tokens, thread, shared, begin, blocks);
            for (int block = blocks - 1; block >= 0; block--)
                RunBlock(ref low, ref high, tokens, thread, shared, begin, block);
        }

        if (default(TWeights).Value)
        {
            low.StoreWeights(s, targets.DWeights, thread.Quad);
            high.StoreWeights(s, targets.DWeights, thread.Quad);
        }
    }

    /// <summary>Runs a tile and keeps the states before each of its blocks.</summary>
    private static void KeepStates<TWeights>(
        ref ScanBackChannel<TWeights> low, ref ScanBackChannel<TWeights> high, in ScanBackTokens tokens,
        in ScanBackThread thread, in ScanShared shared, int first, int blocks)
        where TWeights : struct, IWanted
    {
        int offset = tokens.Steps.Offset(first + thread.Quad);
        low.PrefetchStep(tokens, offset);
        high.PrefetchStep(tokens, offset);
        for (int block = 0; block < blocks; block++)
        {
            ArrayView<Float4> states = shared.States.SubView(2 * block * GroupSize);
            states[0] = low.H;
            states[GroupSize] = high.H;
            if (block + 1 == blocks)
                break;
            // Only lanes of a warp share a channel.
            Warp.Barrier();
            shared.OwnLine[0] = low.StepLine();
            shared.OwnLine[Between] = high.StepLine();
            Warp.Barrier();
            offset = tokens.Steps.Offset(first + (Block * (block + 1)) + thread.Quad);
            low.PrefetchStep(tokens, offset);
            high.PrefetchStep(tokens, offset);
            ArrayView<Float4> bc = shared.Bc.SubView(Block * block * Row);
            Advance(ref low, ref high, shared, bc, 0);
            Advance(ref low, ref high, shared, bc, 1);
            Advance(ref low, ref high, shared, bc, 2);
            Advance(ref low, ref high, shared, bc, 3);
        }
    }

    private static void Advance<TWeights>(
        ref ScanBackChannel<TWeights> low, ref ScanBackChannel<TWeights> high, in ScanShared shared,
        ArrayView<Float4> bc, int i)
        where TWeights : struct, IWanted
    {
        Float4 b = bc[i * Row];
        low.Advance(shared.Lines[i * Channels], b);
        high.Advance(shared.Lines[(i * Channels) + Between], b);
    }

    private static void RunBlock<TWeights>(
        ref ScanBackChannel<TWeights> low, ref ScanBackChannel<TWeights> high, in ScanBackTokens tokens,
        in ScanBackThread thread, in ScanShared shared, int first, int block)
        where TWeights : struct, IWanted
    {
        int step = first + (Block * block) + thread.Quad;
        Float4 lowLine = low.Take(tokens, step), highLine = high.Take(tokens, step);
        int before = tokens.Steps.Offset(step < Block ? 0 : step - Block);
        low.Prefetch(tokens, before);
        high.Prefetch(tokens, before);
        ArrayView<Float4> states = shared.States.SubView(2 * block * GroupSize);
        low.H = states[0];
        high.H = states[GroupSize];
        Warp.Barrier();
        shared.OwnLine[0] = lowLine;
        shared.OwnLine[Between] = highLine;
        // The last block's products have been added, too.
        Group.Barrier();
        ArrayView<Float4> bc = shared.Bc.SubView(Block * block * Row);
        Run(ref low, shared, 0, bc);
        Run(ref high, shared, Between, bc);
        // Four steps' sums over four states become one step's sums over 16, for each of the four threads that share a
        // channel: 3 shuffles a step, where butterflies take 6.
        bool odd = (thread.Quad & 1) != 0;
        ScanSumsPair s3 = GoBack(ref low, ref high, shared, bc, 3);
        ScanSumsPair s2 = ScanSumsPair.Exchange(GoBack(ref low, ref high, shared, bc, 2), s3, odd, 8);
        ScanSumsPair s1 = GoBack(ref low, ref high, shared, bc, 1);
        ScanSumsPair s0 = ScanSumsPair.Exchange(GoBack(ref low, ref high, shared, bc, 0), s1, odd, 8);
        ScanSumsPair sums = ScanSumsPair.Exchange(s0, s2, thread.Quad >= 2, 16);
        low.Finish(tokens, sums.Low, shared.OwnLine[0], step);
        high.Finish(tokens, sums.High, shared.OwnLine[Between], step);
        Group.Barrier();
        if (tokens.WantsBc)
            AddChannels(tokens, thread, shared, first + (Block * block));
    }

    private static void Run<TWeights>(
        ref ScanBackChannel<TWeights> channel, in ScanShared shared, int column, ArrayView<Float4> bc)
        where TWeights : struct, IWanted => channel.Run(
            shared.Lines[column], shared.Lines[Channels + column], shared.Lines[(2 * Channels) + column],
            shared.Lines[(3 * Channels) + column], bc[0], bc[Row], bc[2 * Row], bc[3 * Row]);

    /// <summary>Step <paramref name="i"/> of a block, of both channels; leaves their share of dB and dC.</summary>
    private static ScanSumsPair GoBack<TWeights>(
        ref ScanBackChannel<TWeights> low, ref ScanBackChannel<TWeights> high, in ScanShared shared,
        ArrayView<Float4> bc, int i)
        where TWeights : struct, IWanted
    {
        Float4 b = bc[i * Row], c = bc[(i * Row) + Quads], dB = default, dC = default;
        ScanSums first = low.GoBack(shared.Lines[i * Channels], b, c, ref dB, ref dC);
        ScanSums second = high.GoBack(shared.Lines[(i * Channels) + Between], b, c, ref dB, ref dC);
        shared.OwnProduct[i * Row * Pairs] = dB;
        shared.OwnProduct[((i * Row) + Quads) * Pairs] = dC;
        return new ScanSumsPair(first, second);
    }

    /// <summary>
    /// A warp adds one token's 32 numbers over 32 pairs of channels and writes them as one line: four lanes a row of
    /// four numbers, a quarter of the pairs each. A lane begins at its own pair, so that eight lanes read from all
    /// banks; that fixes the order of each sum.
    /// </summary>
    private static void AddChannels(
        in ScanBackTokens tokens, in ScanBackThread thread, in ScanShared shared, int firstStep)
    {
        ArrayView<Float4> row = shared.Row;
        int begin = thread.Lane & (Share - 1);
        Float4 sum = ((row[begin] + row[begin ^ 1]) + (row[begin ^ 2] + row[begin ^ 3]))
            + ((row[begin ^ 4] + row[begin ^ 5]) + (row[begin ^ 6] + row[begin ^ 7]));
        bool upper = (thread.Lane & 2) != 0, odd = (thread.Lane & 1) != 0;
        float first = ScanSums.Exchange(sum.X, sum.Z, upper, 2), second = ScanSums.Exchange(sum.Y, sum.W, upper, 2);
        float number = ScanSums.Exchange(first, second, odd, 1);
        int step = firstStep + thread.Warp;
        if (tokens.Steps.Has(step))
            tokens.WriteBc(step, number);
    }
}
