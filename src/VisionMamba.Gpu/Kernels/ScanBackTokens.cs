using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>
/// What the backward scan reads and writes of the tokens of a sample, from the first of a thread's two channels on.
/// </summary>
internal readonly struct ScanBackTokens
{
    public readonly ScanSteps Steps;

    public readonly ArrayView<float> U, Raw, Z, DY;

    public readonly float Scale, SkipFactor;

    public readonly bool WantsBc;

    private readonly ArrayView<float> _dU, _dRaw, _dZ, _dBc;
    private readonly int _forU, _forRaw, _forZ, _firstLine, _lineStride;

    public ScanBackTokens(in ScanArguments s, in ScanGradientViews targets, in ScanPlace first)
    {
        Steps = new ScanSteps(s);
        (U, Raw, Z, DY) = (first.Of(s, s.U), first.Of(s, s.Delta), first.GateOf(s, s.Xz), first.Of(s, targets.DY));
        // A target that nobody wants is an empty view.
        _dU = targets.ForU == ScanGradientViews.Nothing ? targets.DU : first.Of(s, targets.DU);
        _dRaw = targets.ForDelta == ScanGradientViews.Nothing ? targets.DDelta : first.Of(s, targets.DDelta);
        _dZ = targets.ForXz == ScanGradientViews.Nothing ? targets.DXz : first.GateOf(s, targets.DXz);
        (_forU, _forRaw, _forZ) = (targets.ForU, targets.ForDelta, targets.ForXz);
        (Scale, SkipFactor, WantsBc) = (s.Scale, s.SkipFactor, targets.WantsBc != 0);
        // A group's lines of 32 numbers, a lane's own number in them.
        long lines = (((long)Grid.IdxY * Grid.DimX) + Grid.IdxX) * s.Length;
        _dBc = targets.DBc.SubView(WantsBc ? (lines * WarpSums.Lanes) + (Group.IdxX & (WarpSums.Lanes - 1)) : 0);
        (_firstLine, _lineStride) = s.Direction > 0 ? (0, WarpSums.Lanes)
            : ((s.Length - 1) * WarpSums.Lanes, -WarpSums.Lanes);
    }

    /// <summary>The lane's number of dB or dC of a token, summed over the group's channels.</summary>
    public void WriteBc(int step, float number) => _dBc[_firstLine + (step * _lineStride)] = number;

    /// <summary>The gradients of a token, of the channel <paramref name="gap"/> after the first.</summary>
    public void Write(int offset, int gap, float dU, float dRaw, float dZ)
    {
        Write(_dU, offset + gap, dU, _forU);
        Write(_dRaw, offset + gap, dRaw, _forRaw);
        Write(_dZ, offset + offset + gap, dZ, _forZ);
    }

    private static void Write(ArrayView<float> to, int at, float value, int what)
    {
        if (what == ScanGradientViews.Nothing)
            return;
        float before = 0f;
        if (what == ScanGradientViews.Add)
            before = to[at];
        to[at] = before + value;
    }
}
