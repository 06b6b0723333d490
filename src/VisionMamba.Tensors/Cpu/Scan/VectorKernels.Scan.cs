using System.Runtime.CompilerServices;

namespace VisionMamba.Tensors.Cpu;

internal abstract unsafe partial class VectorKernels
{
    /// <summary>Fills the view's rates of channels from .. to.</summary>
    public abstract void ScanRates(in ScanView view, int from, int to);

    /// <summary>Writes y, or adds to it, for channels from .. to of one sample.</summary>
    public abstract void ScanForward(in ScanView view, int sample, int from, int to, bool accumulate, float* y);

    /// <summary>The backward pass of some channels of one sample.</summary>
    public abstract void ScanBackward(in ScanView view, in ScanBackwardJob job);
}

internal sealed unsafe partial class VectorKernels<T>
{
    private const int ForwardBlock = 32;

    /// <inheritdoc/>
    public override void ScanRates(in ScanView view, int from, int to) => view.LoadRates<T>(from, to);

    /// <inheritdoc/>
    /// <remarks>Blocks of steps outside, groups of channels inside: rows are read in whole, not in pieces.</remarks>
    public override void ScanForward(in ScanView view, int sample, int from, int to, bool accumulate, float* y)
    {
        int row = view.State * T.Count, groups = (to - from + T.Count - 1) / T.Count;
        float* h = Scratch.Take(((long)groups * row) + (3 * ForwardBlock * T.Count)), delta = h + (groups * row);
        float* deltaU = delta + (ForwardBlock * T.Count), sum = deltaU + (ForwardBlock * T.Count);
        new Span<float>(h, groups * row).Clear();
        for (int first = 0; first < view.Length; first += ForwardBlock)
        {
            int steps = Math.Min(ForwardBlock, view.Length - first);
            float* b = view.B(sample, first);
            for (int group = 0; group < groups; group++)
            {
                int c = from + (group * T.Count), count = Math.Min(T.Count, to - c);
                bool deep = view.LoadBlock<T>(sample, c, count, first, steps, delta, deltaU);
                ScanKernels<T>.Advance(
                    delta, deltaU, view.Rates<T>(c), h + (group * row), b, view.BStride, steps, view.State, sum, deep);
                StoreGated(view, sample, c, count, first, steps, accumulate, sum, y);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void StoreGated(
        in ScanView view, int sample, int c, int count, int first, int steps, bool accumulate, float* sum, float* y)
    {
        if (count == T.Count)
            StoreSteps(view, sample, c, T.Count, first, steps, accumulate, sum, y);
        else
            StoreSteps(view, sample, c, count, first, steps, accumulate, sum, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreSteps(
        in ScanView view, int sample, int c, int count, int first, int steps, bool accumulate, float* sum, float* y)
    {
        T d = view.D<T>(c, count), scale = T.Create(view.Scale);
        for (int i = 0; i < steps; i++)
        {
            long row = view.Row(sample, view.Token(first + i));
            T s = T.Fma(d, view.U<T>(row, c, count), T.Load(sum + (i * T.Count)));
            T value = s * VectorMath.Silu(view.Z<T>(row, c, count)) * scale;
            float* to = y + (row * view.Inner) + c;
            if (accumulate)
                value += T.Load(to, count);
            value.Store(to, count);
        }
    }

    /// <inheritdoc/>
    public override void ScanBackward(in ScanView view, in ScanBackwardJob job) =>
        new ScanBackwardPiece<T>(view, job).Run();
}
