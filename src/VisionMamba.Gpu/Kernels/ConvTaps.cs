using ILGPU;

namespace VisionMamba.Gpu.Kernels;

// A window of 4, 8 or 16 numbers in registers, as nested structs (see ScanStates.cs). A shorter convolution is padded
// with zero weights at its oldest taps.

/// <summary>A window of a convolution, its oldest number first.</summary>
internal interface IConvTaps<TSelf>
    where TSelf : struct, IConvTaps<TSelf>
{
    /// <summary>How many numbers.</summary>
    int Count { get; }

    /// <summary>Moves on by one: returns the oldest number and makes <paramref name="x"/> the newest.</summary>
    float Push(float x);

    /// <summary>The sum of products.</summary>
    float Dot(TSelf other);

    /// <summary>Adds a multiple of another window.</summary>
    void AddScaled(TSelf other, float factor);

    /// <summary>Number i is <paramref name="from"/>[at + step (i + first)], or 0 outside of 0 .. count-1.</summary>
    void Load(ArrayView<float> from, long at, int step, int first, int count);

    /// <summary>Writes number i to <paramref name="at"/> + i stride.</summary>
    void Store(ArrayView<float> to, long at, long stride);
}

/// <summary>Four numbers.</summary>
internal struct ConvQuad : IConvTaps<ConvQuad>
{
    public Float4 V;

    public readonly int Count => 4;

    public float Push(float x)
    {
        float oldest = V.X;
        V = new Float4(V.Y, V.Z, V.W, x);
        return oldest;
    }

    public readonly float Dot(ConvQuad other) =>
        (V.X * other.V.X) + (V.Y * other.V.Y) + (V.Z * other.V.Z) + (V.W * other.V.W);

    public void AddScaled(ConvQuad other, float factor) => V = new Float4(
        V.X + (other.V.X * factor), V.Y + (other.V.Y * factor),
        V.Z + (other.V.Z * factor), V.W + (other.V.W * factor));

    public void Load(ArrayView<float> from, long at, int step, int first, int count) => V = new Float4(
        Read(from, at, step, first, count), Read(from, at, step, first + 1, count),
        Read(from, at, step, first + 2, count), Read(from, at, step, first + 3, count));

    public readonly void Store(ArrayView<float> to, long at, long stride)
    {
        to[at] = V.X;
        to[at + stride] = V.Y;
        to[at + (2 * stride)] = V.Z;
        to[at + (3 * stride)] = V.W;
    }

    private static float Read(ArrayView<float> from, long at, int step, int i, int count)
    {
        if (i < 0)
            return 0f;
        return i < count ? from[at + (step * i)] : 0f;
    }
}

/// <summary>Twice as many; the older half first.</summary>
internal struct ConvPair<T> : IConvTaps<ConvPair<T>>
    where T : struct, IConvTaps<T>
{
    public T Old, New;

    public readonly int Count => Old.Count + New.Count;

    public float Push(float x) => Old.Push(New.Push(x));

    public readonly float Dot(ConvPair<T> other) => Old.Dot(other.Old) + New.Dot(other.New);

    public void AddScaled(ConvPair<T> other, float factor)
    {
        Old.AddScaled(other.Old, factor);
        New.AddScaled(other.New, factor);
    }

    public void Load(ArrayView<float> from, long at, int step, int first, int count)
    {
        Old.Load(from, at, step, first, count);
        New.Load(from, at, step, first + Old.Count, count);
    }

    public readonly void Store(ArrayView<float> to, long at, long stride)
    {
        Old.Store(to, at, stride);
        New.Store(to, at + (stride * Old.Count), stride);
    }
}
