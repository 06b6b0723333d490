using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>
/// Where the tokens of a sample stand: one offset for all tensors of width inner, twice that for xz. With views that
/// begin at a thread's own channel, a number is then one instruction for its address away; as 64-bit indices of whole
/// tensors they were a third of the forward kernel's instructions.
/// </summary>
internal readonly struct ScanSteps
{
    private readonly int _first, _stride, _last;

    public ScanSteps(in ScanArguments s)
    {
        _last = s.Length - 1;
        _first = s.Direction > 0 ? 0 : _last * s.Inner;
        _stride = s.Direction > 0 ? s.Inner : -s.Inner;
    }

    /// <summary>Whether the recurrence has this step.</summary>
    public bool Has(int step) => step <= _last;

    /// <summary>How far the token of a step, or the last one, is from the first in memory.</summary>
    public int Offset(int step) => _first + (_stride * (step < _last ? step : _last));
}

/// <summary>A thread's sample and channel; not owned where it only follows along past the last channel.</summary>
internal readonly struct ScanPlace
{
    public readonly int Sample, Channel;

    public readonly bool Owned;

    public ScanPlace(in ScanArguments s, int sample, int owned)
    {
        Owned = owned < s.Inner;
        Channel = Owned ? owned : s.Inner - 1;
        Sample = sample;
    }

    /// <summary>A tensor (batch, length, inner) from the channel's first number on.</summary>
    public ArrayView<float> Of(in ScanArguments s, ArrayView<float> tensor) =>
        tensor.SubView(((long)Sample * s.Length * s.Inner) + Channel);

    /// <summary>The gate's half of (batch, length, 2 inner) from there on.</summary>
    public ArrayView<float> GateOf(in ScanArguments s, ArrayView<float> xz) =>
        xz.SubView((2L * Sample * s.Length * s.Inner) + s.Inner + Channel);
}
