using System.Runtime.InteropServices;

namespace VisionMamba.Tests.Ops;

/// <summary>Numbers that end where an unreadable page begins: a read or write past the end kills the run.</summary>
internal sealed unsafe partial class GemmGuarded : IDisposable
{
    private const int Page = 4096;
    private readonly nint _map;
    private readonly nuint _bytes;

    public GemmGuarded(int count)
    {
        Count = count;
        nuint data = ((nuint)count * sizeof(float) + Page - 1) / Page * Page;
        _bytes = data + Page;
        if (!OperatingSystem.IsLinux())
        {
            _map = (nint)NativeMemory.AllocZeroed(_bytes);
            Pointer = (float*)_map;
            return;
        }

        _map = Map(0, _bytes, 3, 0x22, -1, 0);
        Assert.NotEqual(-1, _map);
        Assert.Equal(0, Protect(_map + (nint)data, Page, 0));
        Pointer = (float*)(_map + (nint)data) - count;
    }

    public int Count { get; }

    public float* Pointer { get; }

    public Span<float> Span => new(Pointer, Count);

    public void Dispose()
    {
        if (OperatingSystem.IsLinux())
            Assert.Equal(0, Unmap(_map, _bytes));
        else
            NativeMemory.Free((void*)_map);
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
