using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>Four states of one channel on the way back, and one token's numbers, as a thread has them.</summary>
internal struct ScanBackChannel<TWeights>
    where TWeights : struct, IWanted
{
    public Float4 H;

    private ScanPlace _place;
    private Float4 _a2, _dh, _dA;

    // The states before the steps of a block, and their decays.
    private Float4 _h0, _h1, _h2, _h3, _e0, _e1, _e2, _e3;
    private float _bias, _skip, _dD, _dBias;
    private float _u, _raw, _z, _dOut, _slope, _nextU, _nextRaw, _nextZ, _nextDOut;

    // How far the channel is from the first of the thread's two.
    private int _gap;

    public void Begin(in ScanArguments s, in ScanPlace place, in ScanPlace first, int quad)
    {
        _place = place;
        _gap = place.Channel - first.Channel;
        _bias = s.DeltaBias[_place.Channel];
        _skip = s.D[_place.Channel] * s.SkipFactor;
        var states = default(ScanQuad);
        states.LoadA(s.ALog, ((long)_place.Channel * s.State) + s.FirstState, 4 * quad, s.States);
        _a2 = states.A2;
    }

    /// <summary>The states that the forward pass left before a tile.</summary>
    public void LoadKept(in ScanArguments s, int tile, int quad)
    {
        H = default;
        if (tile > 0 && 4 * quad < s.States)
            H = s.Kept[s.KeptAt(tile, quad) + ((long)_place.Sample * s.Inner) + _place.Channel];
    }

    /// <summary>Reads ahead what the token so far from the first (<see cref="ScanSteps.Offset"/>) will need.</summary>
    public void Prefetch(in ScanBackTokens tokens, int offset)
    {
        int at = offset + _gap;
        _nextU = tokens.U[at];
        _nextRaw = tokens.Raw[at];
        _nextZ = tokens.Z[at + offset];
        _nextDOut = tokens.DY[at];
    }

    /// <summary>Of those, what moves the states on.</summary>
    public void PrefetchStep(in ScanBackTokens tokens, int offset)
    {
        int at = offset + _gap;
        _u = tokens.U[at];
        _raw = tokens.Raw[at];
    }

    /// <summary>delta and delta u of the token read by <see cref="PrefetchStep"/>.</summary>
    public readonly Float4 StepLine()
    {
        float delta = DeviceMath.Softplus(_raw + _bias);
        return new Float4(delta, delta * _u, 0f, 0f);
    }

    /// <summary>
    /// Takes what was read ahead; delta, delta u and dy of that token: all 0 past the last token or channel, so that a
    /// step with them changes no state, no gradient and no sum. Beside them stands sigma(z).
    /// </summary>
    public Float4 Take(in ScanBackTokens tokens, int step)
    {
        (_u, _z, _dOut) = (_nextU, _nextZ, _nextDOut);
        bool counts = Counts(tokens, step);
        float softplus = DeviceMath.Softplus(_nextRaw + _bias, out _slope), gate = DeviceMath.Sigmoid(_z);
        float delta = counts ? softplus : 0f, dy = counts ? tokens.Scale * _dOut * (_z * gate) : 0f;
        return new Float4(delta, delta * _u, dy, gate);
    }

    /// <summary>h = exp2(delta a2) h + delta u B.</summary>
    public void Advance(Float4 line, Float4 b) => H = Next(line, b, Decay(line));

    /// <summary>Four such steps, keeping everything.</summary>
    public void Run(Float4 l0, Float4 l1, Float4 l2, Float4 l3, Float4 b0, Float4 b1, Float4 b2, Float4 b3)
    {
        (_e0, _e1, _e2, _e3) = (Decay(l0), Decay(l1), Decay(l2), Decay(l3));
        _h0 = H;
        _h1 = H = Next(l0, b0, _e0);
        _h2 = H = Next(l1, b1, _e1);
        _h3 = H = Next(l2, b2, _e2);
        H = Next(l3, b3, _e3);
    }

    /// <summary>One step back, the block's last first; adds to the gradients of its B and C.</summary>
    public ScanSums GoBack(Float4 line, Float4 b, Float4 c, ref Float4 dB, ref Float4 dC)
    {
        Float4 after = H, before = _h3, g = _dh + (c * line.Z);
        _dh = g * _e3;
        Float4 q = _dh * before;
        if (default(TWeights).Value)
            _dA += q * line.X;
        dB += g * line.Y;
        dC += after * line.Z;
        // Registers that change their names: no instruction.
        H = before;
        _h3 = _h2;
        _h2 = _h1;
        _h1 = _h0;
        _e3 = _e2;
        _e2 = _e1;
        _e1 = _e0;
        return new ScanSums(Float4.Dot(after, c), Float4.Dot(g, b), Float4.Dot(q, _a2));
    }

    /// <summary>The gradients of the token that <see cref="Take"/> gave, from its sums over all states.</summary>
    public void Finish(in ScanBackTokens tokens, in ScanSums sums, Float4 line, int step)
    {
        float delta = line.X, dy = line.Z, gate = line.W;
        float dRaw = ((sums.DDelta * DeviceMath.Ln2) + (sums.DDeltaU * _u)) * _slope;
        float dU = (sums.DDeltaU * delta) + (_skip * dy);
        float dZ = tokens.Scale * _dOut * (sums.Y + (_skip * _u)) * DeviceMath.SiluSlope(_z, gate);
        bool counts = Counts(tokens, step);
        if (counts)
            tokens.Write(tokens.Steps.Offset(step), _gap, dU, dRaw, dZ);
        if (default(TWeights).Value)
        {
            // dy is 0 where the token does not count, so only the bias needs to be told.
            _dD += dy * _u * tokens.SkipFactor;
            _dBias += counts ? dRaw : 0f;
        }
    }

    /// <summary>Per sample: a line of channels for each state of A_log, then one for D and one for the bias.</summary>
    public readonly void StoreWeights(in ScanArguments s, ArrayView<float> to, int quad)
    {
        // A thread saw every fourth token of these two.
        float dD = _dD + Warp.ShuffleXor(_dD, 8), dBias = _dBias + Warp.ShuffleXor(_dBias, 8);
        dD += Warp.ShuffleXor(dD, 16);
        dBias += Warp.ShuffleXor(dBias, 16);
        if (!_place.Owned)
            return;
        long at = ((long)_place.Sample * ScanBackwardKernels.WeightLines * s.Inner) + _place.Channel;
        long line = at + (4L * quad * s.Inner);
        Float4 dALog = _dA * _a2 * DeviceMath.Ln2;
        to[line] = dALog.X;
        to[line + s.Inner] = dALog.Y;
        to[line + (2L * s.Inner)] = dALog.Z;
        to[line + (3L * s.Inner)] = dALog.W;
        if (quad != 0)
            return;
        to[at + (16L * s.Inner)] = dD;
        to[at + (17L * s.Inner)] = dBias;
    }

    private readonly bool Counts(in ScanBackTokens tokens, int step) => _place.Owned && tokens.Steps.Has(step);

    private readonly Float4 Decay(Float4 line) => Float4.Exp2(_a2 * line.X);

    private readonly Float4 Next(Float4 line, Float4 b, Float4 decay) => (decay * H) + (b * line.Y);
}
