using ILGPU;

namespace VisionMamba.Gpu.Kernels;

// The states of one channel as nested structs of scalars: 4, 8 or 16 of them. The compiler takes the structs apart, so
// that every state is a register; an array would need addresses and live in (slow) local memory.

/// <summary>The states of one channel and their decay exponents a2 = A log2(e), padded to a multiple of 4.</summary>
internal interface IScanStates
{
    /// <summary>How many groups of four states.</summary>
    int Quads { get; }

    /// <summary>Loads a2 of states <paramref name="n"/> on; those from <paramref name="state"/> on become 0.</summary>
    void LoadA(ArrayView<float> aLog, long row, int n, int state);

    /// <summary>
    /// h = exp2(delta a2) h + deltaU B; returns C h. The step's B stands at <paramref name="b"/>, its C at
    /// <paramref name="c"/>.
    /// </summary>
    float Advance(float delta, float deltaU, ArrayView<Float4> bc, int b, int c);

    /// <summary>As <see cref="Advance"/>, without C.</summary>
    void AdvanceStates(float delta, float deltaU, ArrayView<Float4> bc, int b);

    /// <summary>Writes the states to <paramref name="to"/>, a group of four every <paramref name="stride"/>.</summary>
    void Store(ArrayView<Float4> to, long at, long stride);

    /// <summary>Reads what <see cref="Store"/> wrote.</summary>
    void Load(ArrayView<Float4> from, long at, long stride);

    /// <summary>h = 0.</summary>
    void Clear();
}

/// <summary>Four states.</summary>
internal struct ScanQuad : IScanStates
{
    public Float4 A2, H;

    public readonly int Quads => 1;

    public void LoadA(ArrayView<float> aLog, long row, int n, int state) => A2 = new Float4(
        Decay(aLog, row, n, state), Decay(aLog, row, n + 1, state),
        Decay(aLog, row, n + 2, state), Decay(aLog, row, n + 3, state));

    public float Advance(float delta, float deltaU, ArrayView<Float4> bc, int b, int c)
    {
        AdvanceStates(delta, deltaU, bc, b);
        Float4 read = bc[c];
        return ((H.X * read.X) + (H.Y * read.Y)) + ((H.Z * read.Z) + (H.W * read.W));
    }

    public void AdvanceStates(float delta, float deltaU, ArrayView<Float4> bc, int b)
    {
        Float4 written = bc[b];
        H.X = (DeviceMath.Exp2(delta * A2.X) * H.X) + (deltaU * written.X);
        H.Y = (DeviceMath.Exp2(delta * A2.Y) * H.Y) + (deltaU * written.Y);
        H.Z = (DeviceMath.Exp2(delta * A2.Z) * H.Z) + (deltaU * written.Z);
        H.W = (DeviceMath.Exp2(delta * A2.W) * H.W) + (deltaU * written.W);
    }

    public readonly void Store(ArrayView<Float4> to, long at, long stride) => to[at] = H;

    public void Load(ArrayView<Float4> from, long at, long stride) => H = from[at];

    public void Clear() => H = default;

    private static float Decay(ArrayView<float> aLog, long row, int n, int state) =>
        n < state ? DeviceMath.Exp(aLog[row + n]) * -DeviceMath.Log2E : 0f;
}

/// <summary>Twice the states of <typeparamref name="T"/>.</summary>
internal struct ScanPair<T> : IScanStates
    where T : struct, IScanStates
{
    public T Low, High;

    public readonly int Quads => Low.Quads + High.Quads;

    public void LoadA(ArrayView<float> aLog, long row, int n, int state)
    {
        Low.LoadA(aLog, row, n, state);
        High.LoadA(aLog, row, n + (4 * Low.Quads), state);
    }

    public float Advance(float delta, float deltaU, ArrayView<Float4> bc, int b, int c) =>
        Low.Advance(delta, deltaU, bc, b, c)
        + High.Advance(delta, deltaU, bc, b + Low.Quads, c + Low.Quads);

    public void AdvanceStates(float delta, float deltaU, ArrayView<Float4> bc, int b)
    {
        Low.AdvanceStates(delta, deltaU, bc, b);
        High.AdvanceStates(delta, deltaU, bc, b + Low.Quads);
    }

    public readonly void Store(ArrayView<Float4> to, long at, long stride)
    {
        Low.Store(to, at, stride);
        High.Store(to, at + (stride * Low.Quads), stride);
    }

    public void Load(ArrayView<Float4> from, long at, long stride)
    {
        Low.Load(from, at, stride);
        High.Load(from, at + (stride * Low.Quads), stride);
    }
    public void Clear()
    {
        Low.Clear();
        High.Clear();
    }
}
