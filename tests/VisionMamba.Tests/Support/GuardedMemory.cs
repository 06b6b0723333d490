using System.Runtime.InteropServices;
using VisionMamba.Tensors;

namespace VisionMamba.Tests.Support;

/// <summary>
/// Numbers between two unreadable pages, touching the one after them or the one before them. A kernel that reads or
/// writes beyond that end stops the test process; what lies on the other side is NaN and must stay so
/// (<see cref="Intact"/>).
/// </summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int ReadWrite = 3, PrivateAnonymous = 0x22;
    private const float Poison = float.NaN;
    private readonly byte* _mapping;
    private readonly nuint _bytes;
    private readonly long _page = Environment.SystemPageSize;
    private readonly float* _data;
    private readonly long _count, _capacity;

    public GuardedMemory(long count, bool atEnd)
    {
        _count = count;
        long pages = Math.Max(1, ((count * sizeof(float)) + _page - 1) / _page);
        _bytes = (nuint)((pages + 2) * _page);
        _mapping = Map(null, _bytes, 0, PrivateAnonymous, -1, 0);
        if ((nint)_mapping == -1 || Protect(_mapping + _page, (nuint)(pages * _page), ReadWrite) != 0)
            throw new InvalidOperationException($"no guarded memory: error {Marshal.GetLastPInvokeError()}");
        _capacity = pages * _page / sizeof(float);
        Usable.Fill(Poison);
        _data = (float*)(_mapping + _page) + (atEnd ? _capacity - count : 0);
        Storage = new Storage(_data, count, this);
    }

    ~GuardedMemory() => Free();

    public static bool Supported => OperatingSystem.IsLinux();

    public Storage Storage { get; }

    /// <summary>Whether the numbers beside the tensor are as they were.</summary>
    public bool Intact
    {
        get
        {
            int before = (int)(_data - (float*)(_mapping + _page)), after = (int)(before + _count);
            foreach (float value in Usable[..before])
            {
                if (!float.IsNaN(value))
                    return false;
            }

            foreach (float value in Usable[after..])
            {
                if (!float.IsNaN(value))
                    return false;
            }

            return true;
        }
    }

    private Span<float> Usable => new(_mapping + _page, (int)_capacity);

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free() => _ = Unmap(_mapping, _bytes);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial byte* Map(void* address, nuint bytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(void* address, nuint bytes, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint bytes);
}
