namespace VisionMamba.Tensors.Cpu;

/// <summary>
/// One vector register of the processor. Kernels whose sums must stay in registers are written over this and run in the
/// widest registers there are: 16 lanes of AVX-512 emulated by pairs of AVX2 registers spilled every sum to memory and
/// took six times as long. A lane computes the same bits in any width.
/// </summary>
internal unsafe interface ILanes<T> : ILane<T>
    where T : struct, ILanes<T>
{
    /// <summary>Numbers in a register.</summary>
    static abstract int Count { get; }

    static abstract T Load(float* from);

    /// <summary>Loads <paramref name="count"/> numbers, 1 to <see cref="Count"/>; the other lanes are 0.</summary>
    static abstract T Load(float* from, int count);

    static abstract T Fma(T a, T b, T c);

    static abstract T operator -(T a);

    static abstract T Abs(T a);

    /// <summary>
    /// The larger, in one instruction; <paramref name="b"/> where either is NaN. A maximum that keeps any NaN takes
    /// seven instructions on x86, which was a third of the exponential.
    /// </summary>
    static abstract T Max(T a, T b);

    /// <summary>The smaller, in one instruction; <paramref name="b"/> where either is NaN.</summary>
    static abstract T Min(T a, T b);

    /// <summary>
    /// Whether every lane of <paramref name="a"/> is at most that of <paramref name="b"/>; not where one is NaN.
    /// </summary>
    static abstract bool AllAtMost(T a, T b);

    /// <summary>p times 2 to the integer in the low mantissa bits of <paramref name="shifted"/>.</summary>
    static abstract T Scale(T p, T shifted);

    void Store(float* to);

    /// <summary>Stores the first <paramref name="count"/> lanes.</summary>
    void Store(float* to, int count);
}
