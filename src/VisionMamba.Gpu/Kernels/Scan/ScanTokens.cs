using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>A channel's tokens: what the forward pass reads of them, and y.</summary>
internal readonly struct ScanTokens
{
    public readonly ScanSteps Steps;

    private readonly ArrayView<float> _u, _raw, _z, _y;
    private readonly bool _writes, _adds;

    public ScanTokens(in ScanArguments s, in ScanPlace place, ArrayView<float> y)
    {
        Steps = new ScanSteps(s);
        (_u, _raw, _z, _y) = (place.Of(s, s.U), place.Of(s, s.Delta), place.GateOf(s, s.Xz), place.Of(s, y));
        (_writes, _adds) = (place.Owned, s.Accumulate != 0);
    }

    public ScanInput Read(int step)
    {
        int offset = Steps.Offset(step);
        return new ScanInput { U = _u[offset], Raw = _raw[offset], Z = _z[2 * offset] };
    }

    public void Write(int step, float value)
    {
        if (!_writes)
            return;
        int offset = Steps.Offset(step);
        _y[offset] = _adds ? _y[offset] + value : value;
    }
}

/// <summary>What a channel reads at one token.</summary>
internal struct ScanInput
{
    public float U, Raw, Z;
}

/// <summary>What a channel reads at four tokens.</summary>
internal struct ScanFour
{
    public ScanInput First, Second, Third, Fourth;

    public void Load(in ScanTokens tokens, int step)
    {
        First = tokens.Read(step);
        Second = tokens.Read(step + 1);
        Third = tokens.Read(step + 2);
        Fourth = tokens.Read(step + 3);
    }
}
