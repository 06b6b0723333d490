using ILGPU;

namespace VisionMamba.Gpu.Kernels;

// dy = scale dOut silu(z)          dz += scale dOut s silu'(z)        g = dh + dy C
// dC += sum over channels dy h     dB += sum over channels g delta u  v = g . B        q = g exp(delta A) h_(t-1)
// du += v delta + D dy             ddelta = v u + q . A               draw += ddelta sigma(raw + bias)
// dD += dy u   dbias += draw       dA_log += A q delta                dh = g exp(delta A)
//
// A thread owns a channel, as in the forward pass. It runs the recurrence once and keeps the states at every eighth
// token in global memory (16 numbers in 8 tokens: 8 + 8 of the 64 bytes that move per token and channel). Then, from
// the last block of eight tokens to the first, it runs the block again with its states in shared memory and goes back
// through it. The sums over channels for B and C are made in shared memory in a fixed order, written per group, and
// added by a second kernel; so are the weights' sums over the samples. Nothing is atomic.
internal static class ScanBackwardKernels
{
    /// <summary>
    /// Threads of a group: 64 channels with 8 tokens of 16 states take 32 of the 48 KB a group may have.
    /// </summary>
    public const int GroupSize = 64;

    /// <summary>Tokens of a block.</summary>
    public const int Block = 8;

    private const int Half = GroupSize / 2;
    private const int MaxQuads = ScanForwardKernels.MaxQuads;

    /// <summary>Groups: x over the channels, y over the samples.</summary>
    public static KernelConfig Configure(int batch, int inner) =>
        (new Index3D(Groups(inner), batch, 1), new Index3D(GroupSize, 1, 1));

    /// <summary>Groups that share a sample: so many partial sums there are for B and C.</summary>
    public static int Groups(int inner) => (inner + GroupSize - 1) / GroupSize;

    /// <summary>Groups of four numbers to keep the states at the beginnings of all blocks but the first.</summary>
    public static long KeptCount(int batch, int length, int inner, int quads) =>
        (long)batch * inner * quads * Math.Max((length - 1) / Block, 1);

    /// <summary>
    /// The kernel; <typeparamref name="TStates"/> is 4, 8 or 16 states, with or without the weights' sums.
    /// </summary>
    public static void Run<TStates, TWeights>(ScanArguments s, ScanGradientViews targets)
        where TStates : struct, IScanGradientStates<TStates>
        where TWeights : struct, IWanted
    {
        ScanShared shared = default;
        shared.Bc = SharedMemory.Allocate<Float4>(Block * 2 * MaxQuads).AsAligned16();
        shared.States = SharedMemory.Allocate<Float4>(Block * MaxQuads * GroupSize).AsAligned16();
        shared.Halves = SharedMemory.Allocate<Float4>(2 * Block * MaxQuads).AsAligned16();
        shared.Dy = SharedMemory.Allocate<float>(Block * GroupSize);
        shared.Delta = SharedMemory.Allocate<float>(Block * GroupSize);
        int owned = (Grid.IdxX * GroupSize) + Group.IdxX, sample = Grid.IdxY;
        var place = new ScanPlace(s, sample, owned);
        var states = default(TStates);
        states.LoadA(s.ALog, ((long)place.Channel * s.State) + s.FirstState, 0, s.States);
        KeepStates(ref states, s, place, shared.Bc, targets.Kept);
        float dD = 0f, dBias = 0f;
        int blocks = (s.Length + Block - 1) / Block;
        for (int block = blocks - 1; block >= 0; block--)
        {
            int first = block * Block, steps = s.Length - first < Block ? s.Length - first : Block;
            Group.Barrier();
            ScanTile.Stage(s, sample, first, states.Quads, steps, shared.Bc);
            Group.Barrier();
            RunBlock(ref states, s, place, targets, block, steps, shared);
            Group.Barrier();
            if (targets.WantsBc != 0)
                AddChannels(s, place, targets.DBc, states.Quads, first, steps, isC: true, shared);
            Group.Barrier();
            GoBack<TStates, TWeights>(ref states, s, place, targets, block, steps, shared, ref dD, ref dBias);
            Group.Barrier();
            if (targets.WantsBc != 0)
                AddChannels(s, place, targets.DBc, states.Quads, first, steps, isC: false, shared);
        }

        if (default(TWeights).Value && place.Owned)
            StoreWeights(states, s, place, targets.DWeights, dD, dBias);
    }

    /// <summary>Runs all blocks but the last and keeps the states after each.</summary>
    private static void KeepStates<TStates>(
        ref TStates states, in ScanArguments s, in ScanPlace place, ArrayView<Float4> bc, ArrayView<Float4> kept)
        where TStates : struct, IScanGradientStates<TStates>
    {
        float bias = s.DeltaBias[place.Channel];
        var next = default(ScanFour);
        next.LoadSteps(s, place, 0);
        for (int first = 0; first + Block < s.Length; first += Block)
        {
            Group.Barrier();
            ScanTile.Stage(s, place.Sample, first, states.Quads, Block, bc);
            Group.Barrier();
            for (int i = 0; i < Block; i += 4)
            {
                ScanFour now = next;
                next.LoadSteps(s, place, first + i + 4);
                Advance(ref states, now.First, bias, bc, i);
                Advance(ref states, now.Second, bias, bc, i + 1);
                Advance(ref states, now.Third, bias, bc, i + 2);
                Advance(ref states, now.Fourth, bias, bc, i + 3);
            }

            if (place.Owned)
                states.Store(kept, KeptAt(s, place, states.Quads, first / Block), KeptStride(s));
        }
    }

    private static void Advance<TStates>(ref TStates states, ScanInput x, float bias, ArrayView<Float4> bc, int i)
        where TStates : struct, IScanGradientStates<TStates>
    {
        float delta = DeviceMath.Softplus(x.Raw + bias);
        states.AdvanceStates(delta, delta * x.U, bc, 2 * i * states.Quads);
    }

    private static long KeptStride(in ScanArguments s) => (long)Grid.DimY * s.Inner;

    private static long KeptAt(in ScanArguments s, in ScanPlace place, int quads, int slot) =>
        (slot * quads * KeptStride(s)) + ((long)place.Sample * s.Inner) + place.Channel;

    /// <summary>The block's states again, and per step delta and the gradient of C h + D u.</summary>
    private static void RunBlock<TStates>(
        ref TStates states, in ScanArguments s, in ScanPlace place, in ScanGradientViews targets, int block, int steps,
        in ScanShared shared)
        where TStates : struct, IScanGradientStates<TStates>
    {
        float bias = s.DeltaBias[place.Channel];
        states.Clear();
        if (block > 0)
            states.Load(targets.Kept, KeptAt(s, place, states.Quads, block - 1), KeptStride(s));
        var input = default(ScanInput);
        input.Load(s, place, block * Block);
        float dOut = targets.DY[At(s, place, block * Block)];
        for (int i = 0; i < steps; i++)
        {
            ScanInput x = input;
            float d = dOut;
            input.Load(s, place, (block * Block) + i + 1);
            dOut = targets.DY[At(s, place, (block * Block) + i + 1)];
            float delta = DeviceMath.Softplus(x.Raw + bias);
            states.AdvanceStates(delta, delta * x.U, shared.Bc, 2 * i * states.Quads);
            states.Store(shared.States, (i * states.Quads * GroupSize) + Group.IdxX, GroupSize);
            shared.Delta[(i * GroupSize) + Group.IdxX] = delta;
            shared.Dy[(i * GroupSize) + Group.IdxX] = place.Owned ? s.Scale * d * DeviceMath.Silu(x.Z) : 0f;
        }
    }

    private static void GoBack<TStates, TWeights>(
        ref TStates states, in ScanArguments s, in ScanPlace place, in ScanGradientViews targets, int block, int steps,
        in ScanShared shared, ref float dD, ref float dBias)
        where TStates : struct, IScanGradientStates<TStates>
        where TWeights : struct, IWanted
    {
        float bias = s.DeltaBias[place.Channel], skip = s.D[place.Channel] * s.SkipFactor;
        for (int i = steps - 1; i >= 0; i--)
        {
            int step = (block * Block) + i, line = (i * GroupSize) + Group.IdxX;
            int offset = s.Token(step) * s.Inner;
            ScanInput x = default;
            x.Load(s, place, step);
            float dOut = targets.DY[place.At + offset], delta = shared.Delta[line], dy = shared.Dy[line];
            float deltaU = place.Owned ? delta * x.U : 0f;
            int b = 2 * i * states.Quads, at = (i * states.Quads * GroupSize) + Group.IdxX;
            var now = new ScanStep(delta, deltaU, dy, b, b + states.Quads);
            TStates before = Before<TStates>(s, place, targets.Kept, block, i, at, shared.States);
            ScanSums sums = states.GoBack(before, now, shared.Bc, shared.States, at, GroupSize);
            float dRaw = ((sums.DDelta * DeviceMath.Ln2) + (sums.DDeltaU * x.U)) * DeviceMath.Sigmoid(x.Raw + bias);
            float dU = (sums.DDeltaU * delta) + (skip * dy);
            float gate = DeviceMath.Sigmoid(x.Z);
            float dZ = s.Scale * dOut * (sums.Y + (skip * x.U)) * DeviceMath.SiluSlope(x.Z, gate);
            if (place.Owned)
                targets.Add(place.At + offset, place.AtGate + offset + offset, dU, dRaw, dZ);
            if (default(TWeights).Value)
            {
                dD += dy * x.U * s.SkipFactor;
                dBias += dRaw;
            }
        }
    }

    /// <summary>
    /// The states before a step: of the block in shared memory, else kept ones, else 0 at the beginning.
    /// </summary>
    private static TStates Before<TStates>(
        in ScanArguments s, in ScanPlace place, ArrayView<Float4> kept, int block, int i, int at,
        ArrayView<Float4> states)
        where TStates : struct, IScanGradientStates<TStates>
    {
        var before = default(TStates);
        if (i > 0)
            before.Load(states, at - (before.Quads * GroupSize), GroupSize);
        else if (block > 0)
            before.Load(kept, KeptAt(s, place, before.Quads, block - 1), KeptStride(s));
        return before;
    }

    private static long At(in ScanArguments s, in ScanPlace place, int step) =>
        place.At + (s.Token(step) * s.Inner);

    /// <summary>
    /// Sums rows of 64 channels: a thread a row and half of the channels, beginning at its own so that the threads of a
    /// warp read from different banks; the order of each sum is fixed by the row.
    /// </summary>
    private static void AddChannels(
        in ScanArguments s, in ScanPlace place, ArrayView<Float4> parts, int quads, int first, int steps, bool isC,
        in ScanShared shared)
    {
        int rows = steps * quads;
        for (int item = Group.IdxX; item < 2 * rows; item += GroupSize)
        {
            int half = item >= rows ? 1 : 0, row = item - (half * rows), step = row / quads;
            float x = 0f, y = 0f, z = 0f, w = 0f;
            for (int i = 0; i < Half; i++)
            {
                int c = (half * Half) + ((i + item) & (Half - 1));
                Float4 value = shared.States[(row * GroupSize) + c];
                float factor = isC ? shared.Dy[(step * GroupSize) + c] : 1f;
                x += value.X * factor;
                y += value.Y * factor;
                z += value.Z * factor;
                w += value.W * factor;
            }

            shared.Halves[item] = new Float4(x, y, z, w);
        }

        Group.Barrier();
        for (int row = Group.IdxX; row < rows; row += GroupSize)
        {
            Float4 a = shared.Halves[row], b = shared.Halves[row + rows];
            long token = ((((long)place.Sample * Grid.DimX) + Grid.IdxX) * s.Length) + s.Token(first + (row / quads));
            parts[(token * 2 * quads) + (isC ? quads : 0) + (row % quads)] =
                new Float4(a.X + b.X, a.Y + b.Y, a.Z + b.Z, a.W + b.W);
        }
    }

    /// <summary>Per sample: a line of channels for each state of A_log, then one for D and one for the bias.</summary>
    private static void StoreWeights<TStates>(
        TStates states, in ScanArguments s, in ScanPlace place, ArrayView<float> to, float dD, float dBias)
        where TStates : struct, IScanGradientStates<TStates>
    {
        int lines = (4 * states.Quads) + 2;
        long at = ((long)place.Sample * lines * s.Inner) + place.Channel;
        states.StoreALog(to, at, s.Inner);
        to[at + ((lines - 2L) * s.Inner)] = dD;
        to[at + ((lines - 1L) * s.Inner)] = dBias;
    }
}
