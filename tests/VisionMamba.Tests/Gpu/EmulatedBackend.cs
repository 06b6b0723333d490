using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using VisionMamba.Gpu;

namespace VisionMamba.Tests.Gpu;

/// <summary>One emulated device for all tests of a class: threads and compiled kernels are costly to make.</summary>
public sealed class EmulatedDevice : IDisposable
{
    private readonly EmulatedBackend _backend = new();

    internal GpuBackend Backend => _backend;

    public void Dispose() => _backend.Dispose();
}

/// <summary>
/// The GPU's kernels on ILGPU's emulation of a device, with memory of its own as a card has it.
/// </summary>
internal class EmulatedBackend : GpuBackend
{
    private readonly Context _context;

    /// <summary>
    /// Warps of 32 as on CUDA, groups of up to 256 threads, and so many groups at a time as there are
    /// <paramref name="processors"/>.
    /// </summary>
    public EmulatedBackend(int processors = 1)
        : this(Context.Create(b => b.CPU(new CPUDevice(32, 8, processors)).Optimize(OptimizationLevel.O2)))
    {
    }

    private EmulatedBackend(Context context)
        : base(context.CreateCPUAccelerator(0, CPUAcceleratorMode.Parallel)) => _context = context;

    public override string Description => "emulated";

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing)
            return;
        Accelerator.Dispose();
        _context.Dispose();
    }
}
