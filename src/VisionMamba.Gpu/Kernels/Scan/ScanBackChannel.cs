using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>Four states of one channel on the way back, and one token's numbers, as a thread has them.</summary>
internal struct ScanBackChannel<TWeights, TCase>
    where TWeights : struct, IWanted
    where TCase : struct, IScanCase
{
    public Float4 H;

    private ScanPlace _place;
    private Float4 _a2, _dh, _dA;

    // The states before the steps of a block, and their decays.
    private Float4 _h0, _h1, _h2, _h3, _e0, _e1, _e2, _e3;
    private float _bias, _skip, _dD, _dBias;

    // Of the thread's own token: u, delta, dy, sigma(raw + bias), scale dOut silu'(z).
    private float _u, _delta, _dy, _slope, _forZ;

    public void Begin(in ScanArguments s, in ScanPlace place, int quad)
    {
        _place = place;
        _bias = s.DeltaBias[_place.Channel];
        _skip = s.D[_place.Channel] * s.SkipFactor;
        var states = default(ScanQuad);
        states.LoadA(s.ALog, ((long)_place.Channel * s.State) + s.FirstState, 4 * quad, s.States);
        _a2 = states.A2;
    }

    /// <summary>delta of a token that there is; in a channel that there is not, 0.</summary>
    public readonly float StepSize(in ScanBackInput x)
    {
        float delta = DeviceMath.Softplus(x.Raw + _bias);
        return default(TCase).Usual || _place.Owned ? delta : 0f;
    }

    /// <summary>delta of a token; 0 past the last one, so that a step with it changes no state.</summary>
    public readonly float StepSize(in ScanBackInput x, in ScanBackTokens<TCase> tokens, int step)
    {
        float delta = StepSize(x);
        return tokens.Has(step) ? delta : 0f;
    }

    /// <summary>
    /// What only the thread's own token needs, and dy: 0 past the last token or channel, so that a step with it changes
    /// no gradient and no sum.
    /// </summary>
    public void Take(in ScanBackInput x, in ScanBackTokens<TCase> tokens, int step)
    {
        float scale = Counts(tokens, step) ? tokens.Scale : 0f;
        float gate = DeviceMath.Sigmoid(x.Z), gated = scale * x.DOut * gate;
        _u = x.U;
        _slope = DeviceMath.Sigmoid(x.Raw + _bias);
        _dy = gated * x.Z;
        // d silu(z) / dz = sigma + z sigma (1 - sigma)
        _forZ = (_dy * (1f - gate)) + gated;
    }

    /// <summary>delta u and dy of the token that <see cref="Take"/> took.</summary>
    public Float2 Begin(float delta)
    {
        _delta = delta;
        if (default(TWeights).Value)
            _dD += _dy * _u;
        return new Float2(delta * _u, _dy);
    }

    /// <summary>h = exp2(delta a2) h + delta u B.</summary>
    public void Advance(float delta, float deltaU, Float4 b) => H = Next(deltaU, b, Decay(delta));

    /// <summary>Four such steps, keeping everything.</summary>
    public void Run(Float4 delta, Float4 deltaU, Float4 b0, Float4 b1, Float4 b2, Float4 b3)
    {
        (_e0, _e1, _e2, _e3) = (Decay(delta.X), Decay(delta.Y), Decay(delta.Z), Decay(delta.W));
        _h0 = H;
        _h1 = H = Next(deltaU.X, b0, _e0);
        _h2 = H = Next(deltaU.Y, b1, _e1);
        _h3 = H = Next(deltaU.Z, b2, _e2);
        H = Next(deltaU.W, b3, _e3);
    }

    /// <summary>One step back, the block's last first; adds to the gradients of its B and C.</summary>
    public ScanSums GoBack(float delta, float deltaU, float dy, Float4 b, Float4 c, ref Float4 dB, ref Float4 dC)
    {
        Float4 after = H, before = _h3, g = _dh + (c * dy);
        _dh = g * _e3;
        Float4 q = _dh * before;
        if (default(TWeights).Value)
            _dA += q * delta;
        dB += g * deltaU;
        dC += after * dy;
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

    /// <summary>
    /// The gradients of the token that <see cref="Take"/> took, from its sums over all states; all 0 past the last
    /// token or channel: there are no gradients after it, and dy is 0.
    /// </summary>
    public ScanBackOutput Finish(in ScanSums sums, float beforeZ)
    {
        var output = new ScanBackOutput
        {
            DU = (sums.DDeltaU * _delta) + (_skip * _dy),
            DRaw = ((sums.DDelta * DeviceMath.Ln2) + (sums.DDeltaU * _u)) * _slope,
            DZ = (_forZ * (sums.Y + (_skip * _u))) + beforeZ,
        };
        if (default(TWeights).Value)
            _dBias += output.DRaw;
        return output;
    }

    /// <summary>Writes them.</summary>
    public readonly void Write(in ScanBackTokens<TCase> tokens, int at, int gap, in ScanBackOutput output)
    {
        if (default(TCase).Usual || _place.Owned)
            tokens.Write(at, gap, output);
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
        to[at + (16L * s.Inner)] = dD * s.SkipFactor;
        to[at + (17L * s.Inner)] = dBias;
    }

    private readonly bool Counts(in ScanBackTokens<TCase> tokens, int step) =>
        (default(TCase).Usual || _place.Owned) && tokens.Has(step);

    private readonly Float4 Decay(float delta) => Float4.Exp2(_a2 * delta);

    private readonly Float4 Next(float deltaU, Float4 b, Float4 decay) => (decay * H) + (b * deltaU);
}
