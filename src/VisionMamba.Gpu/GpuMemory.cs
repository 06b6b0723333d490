using ILGPU;
using ILGPU.Runtime;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu;

/// <summary>A block of numbers on the device; copies wait their turn in the accelerator's stream.</summary>
internal sealed class GpuMemory(GpuBackend backend, MemoryBuffer1D<float, Stride1D.Dense> buffer) : DeviceMemory
{
    /// <inheritdoc/>
    public override Backend Backend => backend;

    /// <summary>The numbers.</summary>
    public ArrayView<float> View => buffer.View.BaseView;

    /// <summary>The stream of a copy that may still be under way; null when all numbers are there.</summary>
    public AcceleratorStream? Arrival { get; set; }

    /// <summary>
    /// How often the numbers may have been changed: by a copy, or by a kernel that was given them and did not say that
    /// it only reads.
    /// </summary>
    public long Generation { get; set; }

    /// <summary>Its numbers in 16 bits, where products wanted them.</summary>
    public RoundedCopy? Rounded { get; set; }

    /// <summary>
    /// Waits for a copy that was begun earlier: the host waits, before it hands out the kernel that reads it, and the
    /// device goes on with its work.
    /// </summary>
    public GpuMemory Arrived()
    {
        Arrival?.Synchronize();
        Arrival = null;
        return this;
    }

    /// <inheritdoc/>
    public override void Read(Span<float> to)
    {
        Arrived();
        View.SubView(0, to.Length).CopyToCPU(buffer.Accelerator.DefaultStream, to);
        backend.Uploads.Drained();
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<float> from)
    {
        Generation++;
        backend.Uploads.Write(Arrived().View, from);
    }

    /// <inheritdoc/>
    public override void Fill(long count, float value)
    {
        Generation++;
        backend.Fill(View.SubView(0, count), value);
    }

    /// <inheritdoc/>
    public override void Release()
    {
        backend.Retire(buffer);
        if (Rounded is not { } copy)
            return;
        backend.Retire(copy.Numbers);
        backend.Retire(copy.Scales);
    }
}
