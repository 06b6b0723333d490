using ILGPU;
using ILGPU.Runtime;
using VisionMamba.Gpu.Kernels;

namespace VisionMamba.Gpu;

/// <summary>Working memory of one kernel, not initialised; disposing gives it back to the backend.</summary>
internal readonly struct GpuScratch(ScratchPool pool, MemoryBuffer1D<Float4, Stride1D.Dense> buffer, long count)
    : IDisposable
{
    /// <summary>The memory as numbers.</summary>
    public ArrayView<float> View => Quads.Cast();

    /// <summary>The memory as groups of four numbers, aligned to 16 bytes.</summary>
    public ArrayView<Float4> Quads => buffer.View.BaseView.SubView(0, (count + 3) / 4);

    /// <inheritdoc/>
    public void Dispose() => pool.Return(buffer);
}

/// <summary>
/// Scratch by size, kept for the next step. All kernels of a backend run in one stream, so a block may be lent again
/// while the last kernel that used it still runs.
/// </summary>
internal sealed class ScratchPool(GpuBackend backend) : IDisposable
{
    private readonly Dictionary<long, Stack<MemoryBuffer1D<Float4, Stride1D.Dense>>> _free = [];

    /// <summary>Lends at least <paramref name="count"/> numbers.</summary>
    public GpuScratch Rent(long count)
    {
        long quads = Math.Max((count + 3) / 4, 1);
        if (_free.TryGetValue(quads, out Stack<MemoryBuffer1D<Float4, Stride1D.Dense>>? blocks) && blocks.Count > 0)
            return new GpuScratch(this, blocks.Pop(), 4 * quads);
        return new GpuScratch(this, backend.AllocateBlock<Float4>(quads), 4 * quads);
    }

    /// <summary>Takes a block back.</summary>
    public void Return(MemoryBuffer1D<Float4, Stride1D.Dense> buffer)
    {
        if (!_free.TryGetValue(buffer.Length, out Stack<MemoryBuffer1D<Float4, Stride1D.Dense>>? blocks))
            _free[buffer.Length] = blocks = new Stack<MemoryBuffer1D<Float4, Stride1D.Dense>>();
        blocks.Push(buffer);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (MemoryBuffer1D<Float4, Stride1D.Dense> buffer in _free.Values.SelectMany(b => b))
            buffer.Dispose();
        _free.Clear();
    }
}

internal static class Float4Views
{
    /// <summary>The same memory as single numbers.</summary>
    public static ArrayView<float> Cast(this ArrayView<Float4> view) =>
        new ArrayView1D<Float4, Stride1D.Dense>(view, view.Length, default).Cast<Float4, float>().BaseView;
}
