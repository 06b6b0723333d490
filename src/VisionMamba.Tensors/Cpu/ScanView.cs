using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VisionMamba.Tensors.Cpu;

/// <summary>One direction of a selective scan as pointers and strides; a kernel piece owns 16 channels of one sample.</summary>
internal readonly unsafe struct ScanView
{
    public readonly int Batch, Length, Inner, State;
    public readonly bool Reversed;
    public readonly float Scale;
    private readonly float* _u, _delta, _bc, _xz, _aLog, _d, _deltaBias;
    private readonly int _bcStride, _bcOffset;

    public ScanView(in ScanDirection s, Tensor xz, float scale)
    {
        Batch = s.U.Shape[0];
        Length = s.U.Shape[1];
        Inner = s.U.Columns;
        State = s.ALog.Columns;
        Reversed = s.Reversed;
        Scale = scale;
        _bcStride = s.Bc.Columns;
        _bcOffset = s.Bc.Columns - (2 * State);
        _u = s.U.Pointer;
        _delta = s.Delta.Pointer;
        _bc = s.Bc.Pointer;
        _xz = xz.Pointer;
        _aLog = s.ALog.Pointer;
        _d = s.D.Pointer;
        _deltaBias = s.DeltaBias.Pointer;
    }

    /// <summary>The token that the recurrence reaches at its step <paramref name="step"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Token(int step) => Reversed ? Length - 1 - step : step;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Row(int sample, int token) => ((long)sample * Length) + token;

    /// <summary>B of a step; C follows <see cref="State"/> numbers later.</summary>
    public float* B(int sample, int step) => _bc + (Row(sample, Token(step)) * _bcStride) + _bcOffset;

    /// <summary>Numbers from a step's B to the next step's.</summary>
    public long BStride => Reversed ? -_bcStride : _bcStride;

    public Vector512<float> D(int channel, int count) => Simd.Load(_d + channel, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> U(long row, int channel, int count) => Simd.Load(_u + (row * Inner) + channel, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Z(long row, int channel, int count) =>
        Simd.Load(_xz + (row * 2 * Inner) + Inner + channel, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> RawDelta(long row, int channel, int count) =>
        Simd.Load(_delta + (row * Inner) + channel, count) + Simd.Load(_deltaBias + channel, count);

    /// <summary>a2[n] = A_n log2(e) of 16 channels, so that exp(delta A) is exp2(delta a2).</summary>
    public void LoadA(int channel, int count, float* a2)
    {
        for (int n = 0; n < State; n++)
        {
            float* lanes = a2 + (n * Simd.Lanes);
            for (int lane = 0; lane < Simd.Lanes; lane++)
                lanes[lane] = lane < count ? _aLog[((long)(channel + lane) * State) + n] : 0;
            (Simd.Exp(Vector512.Load(lanes)) * -Simd.Log2E).Store(lanes);
        }
    }

    /// <summary>delta and delta*u of steps first .. first+steps-1, apart from the recurrence so that they overlap.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void LoadBlock(int sample, int channel, int count, int first, int steps, float* delta, float* deltaU)
    {
        long at = (Row(sample, Token(first)) * Inner) + channel, stride = Reversed ? -Inner : Inner;
        float* raw = _delta + at, u = _u + at;
        Vector512<float> bias = Simd.Load(_deltaBias + channel, count);
        for (int i = 0; i < steps; i++, raw += stride, u += stride)
        {
            Vector512<float> d = Simd.Softplus(Simd.Load(raw, count) + bias);
            d.Store(delta + (i * Simd.Lanes));
            (d * Simd.Load(u, count)).Store(deltaU + (i * Simd.Lanes));
        }
    }
}
