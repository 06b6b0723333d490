using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>What the backward scan reads and writes of the tokens of a sample.</summary>
internal readonly struct ScanBackTokens<TCase>
    where TCase : struct, IScanCase
{
    public readonly float Scale;

    // In the usual case whole tensors, whose addresses are constants of the launch; else from the first channel on.
    private readonly ArrayView<float> _u, _raw, _z, _dY, _dU, _dRaw, _dZ, _dBc;
    private readonly int _first, _stride, _last, _toGate, _firstLine, _lineStride, _forU, _forRaw, _forZ, _gap;
    private readonly bool _wantsBc;

    public ScanBackTokens(in ScanArguments s, in ScanGradientViews targets, in ScanPlace first, in ScanPlace second)
    {
        (_u, _raw, _z, _dY) = (s.U, s.Delta, s.Xz, targets.DY);
        (_dU, _dRaw, _dZ, _dBc) = (targets.DU, targets.DDelta, targets.DXz, targets.DBc);
        (Scale, _wantsBc, _gap) = (s.Scale, targets.WantsBc != 0, second.Channel - first.Channel);
        (_forU, _forRaw, _forZ) = (targets.ForU, targets.ForDelta, targets.ForXz);
        (_first, _toGate, _firstLine) = (0, 0, 0);
        _last = s.Length - 1;
        // A group's lines of 32 numbers, a lane's own number in them.
        long lines = (((long)Grid.IdxY * Grid.DimX) + Grid.IdxX) * s.Length * WarpSums.Lanes;
        int lane = Group.IdxX & (WarpSums.Lanes - 1);
        if (default(TCase).Usual)
        {
            _first = (Grid.IdxY * s.Length * s.Inner) + first.Channel;
            _toGate = s.Inner - first.Channel;
            _firstLine = (int)lines + lane;
        }
        else
        {
            (_u, _raw, _z, _dY) = (first.Of(s, _u), first.Of(s, _raw), first.GateOf(s, _z), first.Of(s, _dY));
            // A target that nobody wants is an empty view.
            _dU = _forU == ScanGradientViews.Nothing ? _dU : first.Of(s, _dU);
            _dRaw = _forRaw == ScanGradientViews.Nothing ? _dRaw : first.Of(s, _dRaw);
            _dZ = _forZ == ScanGradientViews.Nothing ? _dZ : first.GateOf(s, _dZ);
            _dBc = _wantsBc ? _dBc.SubView(lines + lane) : _dBc;
        }

        (_stride, _lineStride) = (s.Inner, WarpSums.Lanes);
        if (s.Direction < 0)
        {
            _first += _last * _stride;
            _firstLine += _last * _lineStride;
            (_stride, _lineStride) = (-_stride, -_lineStride);
        }
    }

    /// <summary>Whether B's and C's gradients are wanted.</summary>
    public bool WantsBc => default(TCase).Usual || _wantsBc;

    /// <summary>
    /// How far the second channel is from the first; a constant, in the usual case, becomes part of an instruction.
    /// </summary>
    public int Gap => default(TCase).Usual ? ScanBackThread.Between : _gap;

    /// <summary>Whether the recurrence has this step.</summary>
    public bool Has(int step) => step <= _last;

    /// <summary>Where the first channel's numbers stand at a step that the recurrence has.</summary>
    public int At(int step) => _first + (_stride * step);

    /// <summary>The same, past the end of the last step.</summary>
    public int AtOrLast(int step) => At(Math.Min(step, _last));

    /// <summary>What the recurrence needs, of the channel <paramref name="gap"/> after the first.</summary>
    public ScanBackInput ReadStep(int at, int gap) =>
        new() { U = _u.SubView(at)[gap], Raw = _raw.SubView(at)[gap] };

    /// <summary>What the way back needs.</summary>
    public ScanBackInput Read(int at, int gap) => new()
    {
        U = _u.SubView(at)[gap],
        Raw = _raw.SubView(at)[gap],
        Z = _z.SubView(Gate(at))[gap],
        DOut = _dY.SubView(at)[gap],
    };

    /// <summary>What dz is added to.</summary>
    public float ReadDZ(int at, int gap) => default(TCase).Usual || _forZ == ScanGradientViews.Add
        ? _dZ.SubView(Gate(at))[gap] : 0f;

    /// <summary>Writes the gradients of a token.</summary>
    public void Write(int at, int gap, in ScanBackOutput output)
    {
        if (default(TCase).Usual)
        {
            _dU.SubView(at)[gap] = output.DU;
            _dRaw.SubView(at)[gap] = output.DRaw;
            _dZ.SubView(Gate(at))[gap] = output.DZ;
            return;
        }

        Write(_dU, at + gap, output.DU, _forU);
        Write(_dRaw, at + gap, output.DRaw, _forRaw);
        if (_forZ != ScanGradientViews.Nothing)
            _dZ[Gate(at) + gap] = output.DZ;
    }

    /// <summary>The lane's number of dB or dC of a token, summed over the group's channels.</summary>
    public void WriteBc(int step, float number) => _dBc[_firstLine + (step * _lineStride)] = number;

    private static void Write(ArrayView<float> to, int at, float value, int what)
    {
        if (what == ScanGradientViews.Add)
            to[at] += value;
        else if (what == ScanGradientViews.Store)
            to[at] = value;
    }

    private int Gate(int at) => at + at + _toGate;
}
