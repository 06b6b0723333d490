using ILGPU;

namespace VisionMamba.Gpu.Kernels;

// dy = scale dOut silu(z)          dz += scale dOut s silu'(z)        g = dh + dy C
// dC += sum over channels dy h     dB += sum over channels g delta u  v = g . B        q = g exp(delta A) h_(t-1)
// du += v delta + D dy             ddelta = v u + q . A               draw += ddelta sigma(raw + bias)
// dD += dy u   dbias += draw       dA_log += A q delta                dh = g exp(delta A)
//
// A thread owns four of the 16 states of two channels; the four threads of a channel are 8 lanes apart, so that every
// access to u, raw, z and their gradients is four tokens' sectors of 32 bytes. The forward pass left the states before
// every tile of 24 tokens. A tile is run once to have the step sizes and the states before each block of four tokens in
// shared memory; then, from its last block to the first, a block is run with states and decays in registers and gone
// back through. So a token and state cost 1 + 5/6 exponentials, and a token's inputs are read from memory once: what a
// block needs again is in registers, and the tile's first run reads 12 KB that its blocks find in the cache.
//
// Before a block each thread computes what is needed of one of its four tokens, and all share it; after it, each gets
// one token's sums over the states, through shared memory, and writes its gradients. The sums over channels for B and C
// are made in shared memory in a fixed order, written per group, and added by a second kernel; so are the weights' sums
// over the samples. Nothing is atomic.
internal static class ScanBackwardKernels
{
    /// <summary>Threads of a group: 4 x 32, two channels each.</summary>
    public const int GroupSize = 128;

    /// <summary>Channels of a group.</summary>
    public const int Channels = 64;

    /// <summary>Lines of the weights' partial sums: 16 states, D and the bias.</summary>
    public const int WeightLines = 18;

    /// <summary>Pairs of channels.</summary>
    public const int Pairs = Channels / 2;

    /// <summary>Groups of four of B and C of one token.</summary>
    public const int Row = 2 * Quads;

    /// <summary>Tokens whose states and decays are in registers.</summary>
    public const int Block = 4;

    private const int Tile = ScanForwardKernels.Tile, Quads = ScanForwardKernels.MaxQuads;

    /// <summary>Groups: x over the channels, y over the samples.</summary>
    public static KernelConfig Configure(int batch, int inner) =>
        (new Index3D(Groups(inner), batch, 1), new Index3D(GroupSize, 1, 1));

    /// <summary>Groups that share a sample: so many partial sums there are for B and C.</summary>
    public static int Groups(int inner) => (inner + Channels - 1) / Channels;

    /// <summary>Whether a launch may be that of <see cref="UsualScan"/>.</summary>
    public static bool IsUsual(in ScanArguments s, in ScanGradientViews targets) =>
        s.Inner % Channels == 0 && s.States == 4 * Quads && targets.WantsBc != 0
        && Math.Max(Math.Max(s.Xz.Length, s.Bc.Length), targets.DBc.Length) <= int.MaxValue
        && s.Kept.Length <= int.MaxValue && targets.ForXz == ScanGradientViews.Add
        && targets.ForU == ScanGradientViews.Store && targets.ForDelta == ScanGradientViews.Store;

    /// <summary>The kernel, with or without the weights' sums; fewer than 16 states are padded with zeros.</summary>
    public static void Run<TWeights, TCase>(ScanArguments s, ScanGradientViews targets)
        where TWeights : struct, IWanted
        where TCase : struct, IScanCase
    {
        ArrayView<Float4> all = SharedMemory.Allocate<Float4>(ScanShared.Size).AsAligned16();
        var thread = new ScanBackThread(Group.IdxX);
        var shared = new ScanShared(thread, all);
        var first = new ScanPlace(s, Grid.IdxY, (Grid.IdxX * Channels) + thread.Low);
        var second = new ScanPlace(s, Grid.IdxY, (Grid.IdxX * Channels) + thread.High);
        var tokens = new ScanBackTokens<TCase>(s, targets, first, second);
        ScanBackChannel<TWeights, TCase> low = default, high = default;
        low.Begin(s, first, thread.Quad);
        high.Begin(s, second, thread.Quad);
        int step = ((s.Length - 1) / Block * Block) + thread.Quad, at = tokens.AtOrLast(step);
        low.Take(tokens.Read(at, 0), tokens, step);
        high.Take(tokens.Read(at, tokens.Gap), tokens, step);
        for (int tile = (s.Length - 1) / Tile; tile >= 0; tile--)
        {
            int begin = tile * Tile, steps = s.Length - begin < Tile ? s.Length - begin : Tile;
            int blocks = (steps + Block - 1) / Block, last = (blocks - 1) * ScanShared.Chunk;
            Stage<TCase>(s, begin, blocks * Block, all.SubView(ScanShared.BlocksAt));
            LoadKept<TCase>(s, tile, first, second, thread.Quad, out low.H, out high.H);
            Group.Barrier();
            KeepStates(ref low, ref high, tokens, shared, begin + thread.Quad, last);
            for (int block = last; block >= 0; block -= ScanShared.Chunk)
            {
                at = RunBlock(ref low, ref high, tokens, shared, step, at, block);
                step -= Block;
            }
        }

        if (default(TWeights).Value)
        {
            low.StoreWeights(s, targets.DWeights, thread.Quad);
            high.StoreWeights(s, targets.DWeights, thread.Quad);
        }
    }

    private static void Stage<TCase>(in ScanArguments s, int begin, int steps, ArrayView<Float4> bc)
        where TCase : struct, IScanCase
    {
        if (default(TCase).Usual)
            ScanTile.StageSixteen(s, Grid.IdxY, begin, steps, bc, ScanShared.BcGap);
        else
            ScanTile.Stage(s, Grid.IdxY, begin, Quads, steps, bc, ScanShared.BcGap);
    }

    /// <summary>The states that the forward pass left before a tile.</summary>
    private static void LoadKept<TCase>(
        in ScanArguments s, int tile, in ScanPlace first, in ScanPlace second, int quad, out Float4 low,
        out Float4 high)
        where TCase : struct, IScanCase
    {
        (low, high) = (default, default);
        if (tile == 0 || (!default(TCase).Usual && 4 * quad >= s.States))
            return;
        if (default(TCase).Usual)
        {
            int line = (((tile - 1) * s.KeptQuads) + (s.FirstState / 4) + quad) * Grid.DimY;
            ArrayView<Float4> kept = s.Kept.SubView(((line + Grid.IdxY) * s.Inner) + first.Channel);
            (low, high) = (kept[0], kept[ScanBackThread.Between]);
            return;
        }

        long sample = s.KeptAt(tile, quad) + ((long)Grid.IdxY * s.Inner);
        (low, high) = (s.Kept[sample + first.Channel], s.Kept[sample + second.Channel]);
    }

    /// <summary>
    /// Runs a tile and keeps its step sizes and the states before each of its blocks but the <paramref name="last"/>,
    /// which the channels have afterwards.
    /// </summary>
    private static void KeepStates<TWeights, TCase>(
        ref ScanBackChannel<TWeights, TCase> low, ref ScanBackChannel<TWeights, TCase> high,
        in ScanBackTokens<TCase> tokens, in ScanShared shared, int step, int last)
        where TWeights : struct, IWanted
        where TCase : struct, IScanCase
    {
        int at = tokens.AtOrLast(step);
        ScanBackInput lowNext = tokens.ReadStep(at, 0), highNext = tokens.ReadStep(at, tokens.Gap);
        for (int block = 0; block < last; block += ScanShared.Chunk)
        {
            float lowDelta = low.StepSize(lowNext), highDelta = high.StepSize(highNext);
            KeepDelta(shared, block, lowDelta, highDelta);
            // Only lanes of a warp share a channel.
            Warp.Barrier();
            shared.OwnDeltaU[0] = lowDelta * lowNext.U;
            shared.OwnDeltaU[4 * Pairs] = highDelta * highNext.U;
            ArrayView<Float4> states = shared.States.SubView(block);
            states[0] = low.H;
            states[GroupSize] = high.H;
            Warp.Barrier();
            step += Block;
            at = tokens.AtOrLast(step);
            (lowNext, highNext) = (tokens.ReadStep(at, 0), tokens.ReadStep(at, tokens.Gap));
            ArrayView<Float4> b = shared.Bc.SubView(block), deltas = shared.Delta.SubView(block);
            Advance(ref low, deltas[0], shared.Lines[0], b);
            Advance(ref high, deltas[Pairs], shared.Lines[Pairs], b);
        }

        KeepDelta(shared, last, low.StepSize(lowNext, tokens, step), high.StepSize(highNext, tokens, step));
        Warp.Barrier();
    }

    private static void KeepDelta(in ScanShared shared, int block, float low, float high)
    {
        ArrayView<float> own = shared.OwnDelta.SubView(4 * block);
        own[0] = low;
        own[4 * Pairs] = high;
    }

    private static void Advance<TWeights, TCase>(
        ref ScanBackChannel<TWeights, TCase> channel, Float4 delta, Float4 deltaU, ArrayView<Float4> b)
        where TWeights : struct, IWanted
        where TCase : struct, IScanCase
    {
        channel.Advance(delta.X, deltaU.X, b[0]);
        channel.Advance(delta.Y, deltaU.Y, b[Row]);
        channel.Advance(delta.Z, deltaU.Z, b[2 * Row]);
        channel.Advance(delta.W, deltaU.W, b[3 * Row]);
    }

    /// <summary>A block of the tile, run and gone back through; returns where the tokens before its stand.</summary>
    private static int RunBlock<TWeights, TCase>(
        ref ScanBackChannel<TWeights, TCase> low, ref ScanBackChannel<TWeights, TCase> high,
        in ScanBackTokens<TCase> tokens, in ScanShared shared, int step, int at, int block)
        where TWeights : struct, IWanted
        where TCase : struct, IScanCase
    {
        ArrayView<float> own = shared.OwnDelta.SubView(4 * block);
        Float2 lowInput = low.Begin(own[0]), highInput = high.Begin(own[4 * Pairs]);
        shared.OwnLine[0] = new Float4(lowInput.X, highInput.X, lowInput.Y, highInput.Y);
        Warp.Barrier();
        ArrayView<Float4> bc = shared.Bc.SubView(block), deltas = shared.Delta.SubView(block);
        Float4 lowDelta = deltas[0], highDelta = deltas[Pairs];
        Run(ref low, ref high, shared, lowDelta, highDelta, bc);
        var back = new ScanBackStep<TWeights, TCase>(shared, bc);
        ScanSumsPair s3 = back.Run(ref low, ref high, 3, lowDelta.W, highDelta.W);
        ScanSumsPair s2 = back.Run(ref low, ref high, 2, lowDelta.Z, highDelta.Z);
        ScanSumsPair s1 = back.Run(ref low, ref high, 1, lowDelta.Y, highDelta.Y);
        ScanSumsPair s0 = back.Run(ref low, ref high, 0, lowDelta.X, highDelta.X);
        // The registers of the block's states are free now; the loads have time until the next block.
        int before = tokens.At(Math.Max(step - Block, 0));
        float lowZ = tokens.ReadDZ(at, 0), highZ = tokens.ReadDZ(at, tokens.Gap);
        ScanBackInput lowNext = tokens.Read(before, 0), highNext = tokens.Read(before, tokens.Gap);
        Group.Barrier();
        if (tokens.WantsBc)
            AddChannels(tokens, shared, step + shared.ToAdded);
        // The products have been added: the sums take their place.
        Group.Barrier();
        ScanSumsPair sums = Exchange(shared, s0, s1, s2, s3);
        ScanBackOutput lowOutput = low.Finish(sums.Low, lowZ), highOutput = high.Finish(sums.High, highZ);
        if (tokens.Has(step))
        {
            low.Write(tokens, at, 0, lowOutput);
            high.Write(tokens, at, tokens.Gap, highOutput);
        }

        low.Take(lowNext, tokens, step - Block);
        high.Take(highNext, tokens, step - Block);
        // Before the first block: what nobody uses.
        ArrayView<Float4> states = shared.StatesBefore.SubView(block);
        (low.H, high.H) = (states[0], states[GroupSize]);
        return before;
    }

    private static void Run<TWeights, TCase>(
        ref ScanBackChannel<TWeights, TCase> low, ref ScanBackChannel<TWeights, TCase> high, in ScanShared shared,
        Float4 lowDelta, Float4 highDelta, ArrayView<Float4> b)
        where TWeights : struct, IWanted
        where TCase : struct, IScanCase
    {
        ArrayView<Float4> lines = shared.Lines;
        Float4 l0 = lines[0], l1 = lines[Pairs], l2 = lines[2 * Pairs], l3 = lines[3 * Pairs];
        low.Run(lowDelta, new Float4(l0.X, l1.X, l2.X, l3.X), b[0], b[Row], b[2 * Row], b[3 * Row]);
        high.Run(highDelta, new Float4(l0.Y, l1.Y, l2.Y, l3.Y), b[0], b[Row], b[2 * Row], b[3 * Row]);
    }

    /// <summary>
    /// Leaves a thread's sums over its four states of each token; those of its own token over all states. As shuffles
    /// it is 18 with two selections each.
    /// </summary>
    private static ScanSumsPair Exchange(
        in ScanShared shared, ScanSumsPair s0, ScanSumsPair s1, ScanSumsPair s2, ScanSumsPair s3)
    {
        Store(shared, 0, s0);
        Store(shared, 1, s1);
        Store(shared, 2, s2);
        Store(shared, 3, s3);
        Warp.Barrier();
        return (Load(shared, 0) + Load(shared, 1)) + (Load(shared, 2) + Load(shared, 3));
    }

    private static void Store(in ScanShared shared, int i, ScanSumsPair sums) => sums.Store(
        shared.OwnProduct.SubView(i * Row * Pairs), shared.OwnProduct.SubView(((i * Row) + Quads) * Pairs));

    private static ScanSumsPair Load(in ScanShared shared, int quad) => ScanSumsPair.Load(
        shared.OwnSums.SubView(quad * Pairs), shared.OwnSums.SubView((Quads + quad) * Pairs));

    /// <summary>
    /// A warp adds one token's 32 numbers over 32 pairs of channels and writes them as one line: four lanes a row of
    /// four numbers, every fourth pair each, so that eight lanes read from all banks; each sum has one order.
    /// </summary>
    private static void AddChannels<TCase>(
        in ScanBackTokens<TCase> tokens, in ScanShared shared, int step)
        where TCase : struct, IScanCase
    {
        ArrayView<Float4> row = shared.Row;
        Float4 sum = ((row[0] + row[4]) + (row[8] + row[12])) + ((row[16] + row[20]) + (row[24] + shared.RowEnd[0]));
        float first = Exchange(sum.X, sum.Z, shared.Upper, 2), second = Exchange(sum.Y, sum.W, shared.Upper, 2);
        float number = Exchange(first, second, shared.Odd, 1);
        if (tokens.Has(step))
            tokens.WriteBc(step, number);
    }

    /// <summary>
    /// Of two numbers' sums over a part, one number's over twice as many: of two lanes so many apart the second has the
    /// second number.
    /// </summary>
    private static float Exchange(float first, float second, bool takesSecond, int lanes)
    {
        float kept = takesSecond ? second : first, given = takesSecond ? first : second;
        return kept + Warp.ShuffleXor(given, lanes);
    }
}
