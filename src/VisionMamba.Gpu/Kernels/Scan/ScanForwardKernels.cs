using ILGPU;

namespace VisionMamba.Gpu.Kernels;

// y = [y +] scale silu(z) (C h + D u),  h = exp(delta A) h + delta B u,  delta = softplus(raw + bias)
//
// A thread owns one channel of one sample with its states in registers and walks through the tokens; neighbouring
// threads own neighbouring channels, so every access to u, raw, z and y is one 128-byte line a warp. B and C of 24
// tokens are staged in shared memory and read as broadcasts of 16 bytes. The inputs of the next 4 tokens are loaded
// while 4 are computed, because a warp would otherwise wait for memory at each token.
internal static class ScanForwardKernels
{
    /// <summary>
    /// Threads of a group. 64, not more: Vim-Small at batch 96 gives 1,152 groups, 8.7 for each of 132 processors.
    /// </summary>
    public const int GroupSize = 64;

    /// <summary>
    /// Tokens whose B and C are in shared memory at a time, and after which the states are kept for the backward pass:
    /// 16 numbers in 24 tokens are 2.7 bytes a token and channel. At 32 the backward pass' shared memory would not do.
    /// </summary>
    public const int Tile = 24;

    /// <summary>The most groups of four states in one launch.</summary>
    public const int MaxQuads = 4;

    /// <summary>Groups: x over the channels, y over the samples.</summary>
    public static KernelConfig Configure(int batch, int inner) =>
        (new Index3D((inner + GroupSize - 1) / GroupSize, batch, 1), new Index3D(GroupSize, 1, 1));

    /// <summary>The kernel; <typeparamref name="TStates"/> is 4, 8 or 16 states.</summary>
    [ResidentGroups(9)]
    public static void Run<TStates>(ScanArguments s, ArrayView<float> y)
        where TStates : struct, IScanStates
    {
        ArrayView<Float4> bc = SharedMemory.Allocate<Float4>(Tile * 2 * MaxQuads).AsAligned16();
        int owned = (Grid.IdxX * GroupSize) + Group.IdxX, sample = Grid.IdxY;
        var place = new ScanPlace(s, sample, owned);
        var tokens = new ScanTokens(s, place, y);
        var states = default(TStates);
        states.LoadA(s.ALog, ((long)place.Channel * s.State) + s.FirstState, 0, s.States);
        float bias = s.DeltaBias[place.Channel], d = s.D[place.Channel] * s.SkipFactor;
        var next = default(ScanFour);
        next.Load(tokens, 0);
        for (int first = 0; first < s.Length; first += Tile)
        {
            Group.Barrier();
            ScanTile.Stage(s, sample, first, states.Quads, Tile, bc);
            Group.Barrier();
            if (s.Keeps != 0 && first > 0 && place.Owned)
            {
                long kept = s.KeptAt(first / Tile, 0) + ((long)sample * s.Inner) + place.Channel;
                states.Store(s.Kept, kept, KeptStride(s));
            }

            // Steps past the last one do nothing (their step size is 0), so that four need no branch.
            int steps = s.Length - first < Tile ? s.Length - first : Tile;
            for (int i = 0; i < steps; i += 4)
            {
                ScanFour now = next;
                next.Load(tokens, first + i + 4);
                ArrayView<Float4> b = bc.SubView(i * Row(states));
                Step(ref states, s, tokens, now.First, first + i, b, 0, bias, d);
                Step(ref states, s, tokens, now.Second, first + i + 1, b, 1, bias, d);
                Step(ref states, s, tokens, now.Third, first + i + 2, b, 2, bias, d);
                Step(ref states, s, tokens, now.Fourth, first + i + 3, b, 3, bias, d);
            }
        }
    }

    /// <summary>Numbers that a direction keeps for its backward pass.</summary>
    public static long KeptNumbers(int batch, int length, int inner, int state) =>
        4L * KeptQuads(state) * batch * inner * ((length - 1) / Tile);

    /// <summary>Groups of four states over all launches.</summary>
    public static int KeptQuads(int state) => (MaxQuads * (state / (4 * MaxQuads))) + Quads(state % (4 * MaxQuads));

    /// <summary>Groups of four in a launch of up to 16 states; 0 of none.</summary>
    public static int Quads(int states) => states == 0 ? 0 : states <= 4 ? 1 : states <= 8 ? 2 : MaxQuads;

    private static long KeptStride(in ScanArguments s) => (long)Grid.DimY * s.Inner;

    /// <summary>Groups of four of B and C of one token.</summary>
    private static int Row<TStates>(in TStates states)
        where TStates : struct, IScanStates => 2 * states.Quads;

    private static void Step<TStates>(
        ref TStates states, in ScanArguments s, in ScanTokens tokens, ScanInput x, int step, ArrayView<Float4> bc,
        int i, float bias, float d)
        where TStates : struct, IScanStates
    {
        bool counts = tokens.Steps.Has(step);
        float softplus = DeviceMath.Softplus(x.Raw + bias), delta = counts ? softplus : 0f;
        int b = i * Row(states);
        float sum = states.Advance(delta, delta * x.U, bc, b, b + states.Quads) + (d * x.U);
        if (counts)
            tokens.Write(step, sum * DeviceMath.Silu(x.Z) * s.Scale);
    }
}
