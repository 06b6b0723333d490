using System.Runtime.InteropServices;

namespace VisionMamba.Tensors;

/// <summary>
/// A block of fp32 numbers outside the managed heap: owned and 64-byte aligned, or a view of someone else's.
/// </summary>
public sealed unsafe partial class Storage : IDisposable
{
    private readonly object? _owner;

    // Null when the host has no memory for the numbers, or when those on a device may be newer (Storage.Device.cs).
    private float* _pointer;

    /// <summary>Allocates <paramref name="count"/> numbers, not initialised.</summary>
    public Storage(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        _pointer = AllocateHost(count);
        Count = count;
        OwnsMemory = true;
    }

    /// <summary>
    /// Views <paramref name="count"/> numbers at <paramref name="pointer"/>, which <paramref name="owner"/> keeps
    /// alive.
    /// </summary>
    public Storage(float* pointer, long count, object? owner)
    {
        _pointer = pointer;
        Count = count;
        _owner = owner;
    }

    /// <summary>
    /// A block of any size without memory, for tensors that only declare a shape; reading it is an error.
    /// </summary>
    public static Storage Unbacked { get; } = new(null, long.MaxValue, null);

    /// <summary>Frees forgotten memory.</summary>
    ~Storage() => Free();

    /// <summary>How many numbers the block holds.</summary>
    public long Count { get; }

    /// <summary>False for a view of a mapped file, which is read-only.</summary>
    public bool OwnsMemory { get; }

    internal float* Pointer => _pointer != null ? _pointer : Fetch();

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    // The collector does not see this memory; told of it, it looks for forgotten tensors in time.
    private static float* AllocateHost(long count)
    {
        long bytes = Bytes(count);
        var pointer = (float*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
        GC.AddMemoryPressure(bytes);
        return pointer;
    }

    private static void FreeHost(float* pointer, long count)
    {
        if (pointer == null)
            return;
        NativeMemory.AlignedFree(pointer);
        GC.RemoveMemoryPressure(Bytes(count));
    }

    private static long Bytes(long count) => ((Math.Max(count, 1) * sizeof(float)) + 63) & ~63L;

    private void Free()
    {
        ReleaseDevice();
        if (OwnsMemory)
            FreeHost(_pointer, Count);
        _pointer = null;
        GC.KeepAlive(_owner);
    }
}
