using System.Runtime.CompilerServices;

namespace VisionMamba.Tensors.Cpu;

/// <summary>One direction of a selective scan as pointers and strides; a kernel piece owns some channels of one sample.</summary>
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

    public T D<T>(int channel, int count)
        where T : struct, ILanes<T> => T.Load(_d + channel, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T U<T>(long row, int channel, int count)
        where T : struct, ILanes<T> => T.Load(_u + (row * Inner) + channel, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Z<T>(long row, int channel, int count)
        where T : struct, ILanes<T> => T.Load(_xz + (row * 2 * Inner) + Inner + channel, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T RawDelta<T>(long row, int channel, int count)
        where T : struct, ILanes<T> =>
        T.Load(_delta + (row * Inner) + channel, count) + T.Load(_deltaBias + channel, count);

    /// <summary>a2[n] = A_n log2(e) of a group of channels, so that exp(delta A) is exp2(delta a2).</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public void LoadA<T>(int channel, int count, float* a2)
        where T : struct, ILanes<T>
    {
        for (int n = 0; n < State; n++)
        {
            float* lanes = a2 + (n * T.Count);
            for (int lane = 0; lane < T.Count; lane++)
                lanes[lane] = lane < count ? _aLog[((long)(channel + lane) * State) + n] : 0;
            (VectorMath.Exp(T.Load(lanes)) * -VectorMath.Log2E).Store(lanes);
        }
    }

    /// <summary>delta and delta*u of steps first .. first+steps-1, apart from the recurrence so that they overlap.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public void LoadBlock<T>(int sample, int channel, int count, int first, int steps, float* delta, float* deltaU)
        where T : struct, ILanes<T>
    {
        // Whole registers apart: their count is then a constant, and the loop has no masks.
        if (count == T.Count)
            LoadSteps<T>(sample, channel, T.Count, first, steps, delta, deltaU);
        else
            LoadSteps<T>(sample, channel, count, first, steps, delta, deltaU);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void LoadSteps<T>(int sample, int channel, int count, int first, int steps, float* delta, float* deltaU)
        where T : struct, ILanes<T>
    {
        long at = (Row(sample, Token(first)) * Inner) + channel, stride = Reversed ? -Inner : Inner;
        float* raw = _delta + at, u = _u + at;
        T bias = T.Load(_deltaBias + channel, count);
        for (int i = 0; i < steps; i++, raw += stride, u += stride)
        {
            T d = VectorMath.Softplus(T.Load(raw, count) + bias);
            d.Store(delta + (i * T.Count));
            (d * T.Load(u, count)).Store(deltaU + (i * T.Count));
        }
    }
}
