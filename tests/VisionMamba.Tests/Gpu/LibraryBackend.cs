using VisionMamba.Gpu;

namespace VisionMamba.Tests.Gpu;

/// <summary>The emulated device with matrix products as a library is asked for them, in any precision.</summary>
internal sealed class LibraryBackend : EmulatedBackend
{
    public required HostGemm Library { get; init; }

    public static LibraryBackend Create(Precision precision)
    {
        var library = new HostGemm();
        var backend = new LibraryBackend { Gemm = library, Library = library, Precision = precision };
        library.Device = backend;
        return backend;
    }
}
