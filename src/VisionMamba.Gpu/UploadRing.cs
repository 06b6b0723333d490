using ILGPU;
using ILGPU.Runtime;

namespace VisionMamba.Gpu;

/// <summary>
/// Small copies to the device in the order of its kernels, for which nobody waits: the numbers stand in pinned memory
/// until the device has been waited for.
/// </summary>
internal sealed class UploadRing(Accelerator accelerator) : IDisposable
{
    /// <summary>4 MB: a step of 96 images writes targets and drop decisions, 0.4 MB at 1,000 classes.</summary>
    public const int Numbers = 1 << 20;

    private PageLockedArray1D<float>? _ring;
    private int _used;

    /// <summary>How often a copy had to wait for the device.</summary>
    public int Waits { get; private set; }

    /// <summary>Copies <paramref name="from"/>, which may be changed as soon as this returns.</summary>
    public void Write(ArrayView<float> to, ReadOnlySpan<float> from)
    {
        if (from.Length == 0)
            return;
        AcceleratorStream stream = accelerator.DefaultStream;
        if (from.Length > Numbers / 4)
        {
            Waits++;
            to.SubView(0, from.Length).CopyFromCPU(stream, from);
            Drained();
            return;
        }

        if (_used + from.Length > Numbers)
        {
            Waits++;
            stream.Synchronize();
            Drained();
        }

        _ring ??= accelerator.AllocatePageLocked1D<float>(Numbers);
        Span<float> place = _ring.Span.Slice(_used, from.Length);
        from.CopyTo(place);
        to.SubView(0, from.Length).CopyFromCPUUnsafeAsync(stream, ref place[0], from.Length);
        _used += from.Length;
    }

    /// <summary>The device has done all that was handed to it.</summary>
    public void Drained() => _used = 0;

    /// <inheritdoc/>
    public void Dispose() => _ring?.Dispose();
}
