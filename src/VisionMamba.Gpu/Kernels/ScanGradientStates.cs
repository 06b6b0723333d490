using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>
/// What one step back gives, summed over the states: C h, and the gradients of delta u and of delta / ln 2.
/// </summary>
internal readonly struct ScanSums(float y, float dDeltaU, float dDelta)
{
    public readonly float Y = y, DDeltaU = dDeltaU, DDelta = dDelta;

    /// <summary>Both sums together.</summary>
    public ScanSums Plus(ScanSums other) => new(Y + other.Y, DDeltaU + other.DDeltaU, DDelta + other.DDelta);
}

/// <summary>A step's numbers: delta, delta u, the gradient of C h + D u, and where its B and C stand.</summary>
internal readonly struct ScanStep(float delta, float deltaU, float dy, int b, int c)
{
    public readonly float Delta = delta, DeltaU = deltaU, Dy = dy;
    public readonly int B = b, C = c;

    /// <summary>The same step, some groups of four states further.</summary>
    public ScanStep Further(int quads) => new(Delta, DeltaU, Dy, B + quads, C + quads);
}

/// <summary>Says at compile time whether the gradient of A is wanted, so that a frozen A costs no registers.</summary>
internal interface IWanted
{
    /// <summary>Whether it is.</summary>
    bool Value { get; }
}

internal struct Wanted : IWanted
{
    public readonly bool Value => true;
}

internal struct Unwanted : IWanted
{
    public readonly bool Value => false;
}

/// <summary>States with their gradients, on the way back.</summary>
internal interface IScanGradientStates<TSelf> : IScanStates
    where TSelf : struct, IScanGradientStates<TSelf>
{
    /// <summary>
    /// One step back, from the states after it to those <paramref name="before"/> it; the gradient of B is left at
    /// <paramref name="dB"/>.
    /// </summary>
    ScanSums GoBack(
        TSelf before, ScanStep step, ArrayView<Float4> bc, ArrayView<Float4> dB, long at, long stride);

    /// <summary>Writes the gradients of A_log, one state every <paramref name="stride"/>.</summary>
    void StoreALog(ArrayView<float> to, long at, long stride);
}

/// <summary>Four of them.</summary>
internal struct ScanGradientQuad<TWeights> : IScanGradientStates<ScanGradientQuad<TWeights>>
    where TWeights : struct, IWanted
{
    public ScanQuad States;
    public Float4 Dh, DA;

    public readonly int Quads => 1;

    public void LoadA(ArrayView<float> aLog, long row, int n, int state) => States.LoadA(aLog, row, n, state);

    public float Advance(float delta, float deltaU, ArrayView<Float4> bc, int b, int c) =>
        States.Advance(delta, deltaU, bc, b, c);

    public void AdvanceStates(float delta, float deltaU, ArrayView<Float4> bc, int b) =>
        States.AdvanceStates(delta, deltaU, bc, b);

    public readonly void Store(ArrayView<Float4> to, long at, long stride) => States.Store(to, at, stride);

    public void Load(ArrayView<Float4> from, long at, long stride) => States.Load(from, at, stride);

    public void Clear() => States.Clear();

    public ScanSums GoBack(
        ScanGradientQuad<TWeights> before, ScanStep step, ArrayView<Float4> bc,
        ArrayView<Float4> dB, long at, long stride)
    {
        Float4 b = bc[step.B], c = bc[step.C], h = before.States.H, a = States.A2, after = States.H, g;
        g.X = Dh.X + (step.Dy * c.X);
        g.Y = Dh.Y + (step.Dy * c.Y);
        g.Z = Dh.Z + (step.Dy * c.Z);
        g.W = Dh.W + (step.Dy * c.W);
        float y = ((after.X * c.X) + (after.Y * c.Y)) + ((after.Z * c.Z) + (after.W * c.W));
        float dDeltaU = ((g.X * b.X) + (g.Y * b.Y)) + ((g.Z * b.Z) + (g.W * b.W));
        Dh.X = g.X * DeviceMath.Exp2(step.Delta * a.X);
        Dh.Y = g.Y * DeviceMath.Exp2(step.Delta * a.Y);
        Dh.Z = g.Z * DeviceMath.Exp2(step.Delta * a.Z);
        Dh.W = g.W * DeviceMath.Exp2(step.Delta * a.W);
        var q = new Float4(Dh.X * h.X, Dh.Y * h.Y, Dh.Z * h.Z, Dh.W * h.W);
        float dDelta = ((q.X * a.X) + (q.Y * a.Y)) + ((q.Z * a.Z) + (q.W * a.W));
        if (default(TWeights).Value)
        {
            DA.X += q.X * step.Delta;
            DA.Y += q.Y * step.Delta;
            DA.Z += q.Z * step.Delta;
            DA.W += q.W * step.Delta;
        }

        dB[at] = new Float4(g.X * step.DeltaU, g.Y * step.DeltaU, g.Z * step.DeltaU, g.W * step.DeltaU);
        States.H = h;
        return new ScanSums(y, dDeltaU, dDelta);
    }

    public readonly void StoreALog(ArrayView<float> to, long at, long stride)
    {
        to[at] = DA.X * States.A2.X * DeviceMath.Ln2;
        to[at + stride] = DA.Y * States.A2.Y * DeviceMath.Ln2;
        to[at + (2 * stride)] = DA.Z * States.A2.Z * DeviceMath.Ln2;
        to[at + (3 * stride)] = DA.W * States.A2.W * DeviceMath.Ln2;
    }
}

/// <summary>Twice as many.</summary>
internal struct ScanGradientPair<T> : IScanGradientStates<ScanGradientPair<T>>
    where T : struct, IScanGradientStates<T>
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

    public ScanSums GoBack(
        ScanGradientPair<T> before, ScanStep step, ArrayView<Float4> bc, ArrayView<Float4> dB, long at, long stride)
    {
        ScanSums low = Low.GoBack(before.Low, step, bc, dB, at, stride);
        return low.Plus(High.GoBack(
            before.High, step.Further(Low.Quads), bc, dB, at + (stride * Low.Quads), stride));
    }

    public readonly void StoreALog(ArrayView<float> to, long at, long stride)
    {
        Low.StoreALog(to, at, stride);
        High.StoreALog(to, at + (stride * 4 * Low.Quads), stride);
    }
}
