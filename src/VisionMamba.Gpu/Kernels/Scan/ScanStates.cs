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

    /// <summary>Writes the states to <paramref name="to"/>, a group of four every <paramref name="stride"/>.</summary>
    void Store(ArrayView<Float4> to, long at, long stride);
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
        H = (Float4.Exp2(A2 * delta) * H) + (bc[b] * deltaU);
        return Float4.Dot(H, bc[c]);
    }

    public readonly void Store(ArrayView<Float4> to, long at, long stride) => to[at] = H;

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

    public readonly void Store(ArrayView<Float4> to, long at, long stride)
    {
        Low.Store(to, at, stride);
        High.Store(to, at + (stride * Low.Quads), stride);
    }
}
