using System.Runtime.CompilerServices;

namespace VisionMamba.Tensors.Cpu;

/// <summary>
/// One direction of a selective scan as pointers and strides; a kernel piece owns some channels of one sample.
/// </summary>
internal readonly unsafe struct ScanView
{
    public readonly int Batch, Length, Inner, State;
    public readonly bool Reversed;
    public readonly float Scale;
    private readonly float* _u, _delta, _bc, _xz, _aLog, _d, _deltaBias, _rates;
    private readonly int _uStride, _bcStride, _bcOffset;

    /// <param name="s">The direction.</param>
    /// <param name="xz">The tensor whose second half is the gate.</param>
    /// <param name="scale">Factor of the outputs.</param>
    /// <param name="rates">Memory of <see cref="RatesCount"/> numbers, filled by <see cref="LoadRates"/>.</param>
    public ScanView(in ScanDirection s, Tensor xz, float scale, float* rates)
    {
        Batch = s.U.Shape[0];
        Length = s.U.Shape[1];
        Inner = s.ALog.Rows;
        State = s.ALog.Columns;
        Reversed = s.Reversed;
        Scale = scale;
        _uStride = s.U.Columns;
        _bcStride = s.Bc.Columns;
        _bcOffset = s.Bc.Columns - (2 * State);
        _u = s.U.Pointer;
        _delta = s.Delta.Pointer;
        _bc = s.Bc.Pointer;
        _xz = xz.Pointer;
        _aLog = s.ALog.Pointer;
        _d = s.D.Pointer;
        _deltaBias = s.DeltaBias.Pointer;
        _rates = rates;
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
        where T : struct, ILanes<T> => T.Load(_u + (row * _uStride) + channel, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Z<T>(long row, int channel, int count)
        where T : struct, ILanes<T> => T.Load(_xz + (row * 2 * Inner) + Inner + channel, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T RawDelta<T>(long row, int channel, int count)
        where T : struct, ILanes<T> =>
        T.Load(_delta + (row * Inner) + channel, count) + T.Load(_deltaBias + channel, count);

    /// <summary>Numbers that the rates of all channels take, in registers of any width.</summary>
    public static long RatesCount(in ScanDirection s) =>
        ((long)s.ALog.Rows + Simd.Lanes - 1) / Simd.Lanes * Simd.Lanes * (s.ALog.Columns + 1);

    /// <summary>
    /// A log2(e) of a group of channels, a vector a state, so that exp(delta A) is exp2(delta a2); behind them the
    /// steepest of each channel, without its sign. The channel is the group's first.
    /// </summary>
    public float* Rates<T>(int channel)
        where T : struct, ILanes<T> => _rates + ((long)channel / T.Count * (State + 1) * T.Count);

    /// <summary>Fills the rates of channels from .. to; once a kernel, as all samples share them.</summary>
    public void LoadRates<T>(int from, int to)
        where T : struct, ILanes<T>
    {
        for (int channel = from; channel < to; channel += T.Count)
            LoadGroup<T>(channel, Math.Min(T.Count, to - channel), Rates<T>(channel));
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private void LoadGroup<T>(int channel, int count, float* a2)
        where T : struct, ILanes<T>
    {
        T steepest = default;
        for (int n = 0; n < State; n++)
        {
            float* lanes = a2 + (n * T.Count);
            for (int lane = 0; lane < T.Count; lane++)
                lanes[lane] = lane < count ? _aLog[((long)(channel + lane) * State) + n] : 0;
            T rate = VectorMath.Exp(T.Load(lanes)) * VectorMath.Log2E;
            (-rate).Store(lanes);
            steepest = T.Max(steepest, rate);
        }

        steepest.Store(a2 + (State * T.Count));
    }

    /// <summary>
    /// delta and delta*u of steps first .. first+steps-1, apart from the recurrence so that they overlap. Tells whether
    /// an exponent delta a2 may be below <see cref="VectorMath.LeastExponent"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public bool LoadBlock<T>(int sample, int channel, int count, int first, int steps, float* delta, float* deltaU)
        where T : struct, ILanes<T>
    {
        // Whole registers apart: their count is then a constant, and the loop has no masks.
        T largest = count == T.Count
            ? LoadSteps<T>(sample, channel, T.Count, first, steps, delta, deltaU)
            : LoadSteps<T>(sample, channel, count, first, steps, delta, deltaU);
        T steepest = T.Load(Rates<T>(channel) + (State * T.Count));
        return !T.AllAtMost(largest * steepest, T.Create(-VectorMath.LeastExponent));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T LoadSteps<T>(int sample, int channel, int count, int first, int steps, float* delta, float* deltaU)
        where T : struct, ILanes<T>
    {
        long row = Row(sample, Token(first));
        long stride = Reversed ? -Inner : Inner, uStride = Reversed ? -_uStride : _uStride;
        float* raw = _delta + (row * Inner) + channel, u = _u + (row * _uStride) + channel;
        T bias = T.Load(_deltaBias + channel, count), largest = default;
        for (int i = 0; i < steps; i++, raw += stride, u += uStride)
        {
            T d = VectorMath.Softplus(T.Load(raw, count) + bias);
            d.Store(delta + (i * T.Count));
            (d * T.Load(u, count)).Store(deltaU + (i * T.Count));
            largest = T.Max(largest, d);
        }

        return largest;
    }
}
