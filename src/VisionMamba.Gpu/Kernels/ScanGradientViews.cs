using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>Says at compile time whether the weights' gradients are wanted, so that frozen ones cost no registers.</summary>
internal interface IWanted
{
    /// <summary>Whether they are.</summary>
    bool Value { get; }
}

[ResidentGroups(2)]
internal struct Wanted : IWanted
{
    public readonly bool Value => true;
}

[ResidentGroups(3)]
internal struct Unwanted : IWanted
{
    public readonly bool Value => false;
}

/// <summary>Where the backward scan reads its gradient and leaves its results.</summary>
internal struct ScanGradientViews
{
    /// <summary>What is done with a target: nothing, because nobody wants it; added to; written for the first
    /// time.</summary>
    public const int Nothing = 0, Add = 1, Store = 2;

    /// <summary>The gradient of y.</summary>
    public ArrayView<float> DY;

    /// <summary>Targets of u, raw delta and (its second half) xz.</summary>
    public ArrayView<float> DU, DDelta, DXz;

    /// <summary>Partial sums (sample, group, token, 32) for B and C.</summary>
    public ArrayView<float> DBc;

    /// <summary>Partial sums (sample, 18, inner) for A_log, D and the bias.</summary>
    public ArrayView<float> DWeights;

    public int ForU, ForDelta, ForXz, WantsBc;
}

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
