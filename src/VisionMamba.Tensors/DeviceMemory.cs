namespace VisionMamba.Tensors;

/// <summary>
/// A block of numbers in a device's memory. All calls but <see cref="Release"/> come from the thread that uses the
/// backend, and take their turn among its kernels.
/// </summary>
public abstract class DeviceMemory
{
    /// <summary>The backend that has the memory.</summary>
    public abstract Backend Backend { get; }

    /// <summary>Copies its first numbers to <paramref name="to"/>; waits until that is done.</summary>
    public abstract void Read(Span<float> to);

    /// <summary>Copies <paramref name="from"/> to its beginning; that may be changed as soon as this returns.</summary>
    public abstract void Write(ReadOnlySpan<float> from);

    /// <summary>Sets the first <paramref name="count"/> numbers.</summary>
    public abstract void Fill(long count, float value);

    /// <summary>Gives it back; from any thread, also the finalizer's.</summary>
    public abstract void Release();
}
