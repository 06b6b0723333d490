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

    /// <inheritdoc/>
    public override void Read(Span<float> to) => buffer.View.SubView(0, to.Length).AsContiguous().CopyToCPU(
        buffer.Accelerator.DefaultStream, to);

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<float> from) => buffer.View.SubView(0, from.Length).AsContiguous()
        .CopyFromCPU(buffer.Accelerator.DefaultStream, from);

    /// <inheritdoc/>
    public override void Fill(long count, float value) => backend.Fill(View.SubView(0, count), value);

    /// <inheritdoc/>
    public override void Release() => backend.Retire(buffer);
}
