using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using VisionMamba.Gpu.Kernels;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu;

/// <summary>A CUDA device, or ILGPU's emulation of one: kernels in C#, compiled at first use.</summary>
public abstract partial class GpuBackend : Backend
{
    private readonly Dictionary<MethodInfo, Delegate> _kernels = [];
    private readonly ScratchPool _scratch;
    private readonly IndexTables _indices;

    /// <summary>Computes on <paramref name="accelerator"/>, which the caller keeps alive.</summary>
    protected GpuBackend(Accelerator accelerator)
    {
        Accelerator = accelerator;
        _scratch = new ScratchPool(this);
        Uploads = new UploadRing(accelerator);
        _indices = new IndexTables(this);
    }

    /// <summary>The device.</summary>
    protected Accelerator Accelerator { get; }

    internal UploadRing Uploads { get; }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        FreeStaging();
        _disposed = true;
        FreeRetired();
        Uploads.Dispose();
        Gemm?.Dispose();
        _scratch.Dispose();
        _indices.Dispose();
        foreach (IUpdateQueue queue in _queues.Values)
            queue.Dispose();
    }

    /// <summary>
    /// The numbers of <paramref name="x"/> in the device's memory, copied there if need be, for a kernel that may
    /// change them.
    /// </summary>
    private ArrayView<float> View(Tensor? x)
    {
        if (x is null || x.Count == 0)
            return default;
        GpuMemory memory = Memory(x);
        memory.Generation++;
        return memory.View.SubView(0, x.Count);
    }

    /// <summary>Where the numbers of <paramref name="x"/> are, for a kernel that only reads them.</summary>
    private GpuMemory Memory(Tensor x) => ((GpuMemory)x.Storage.OnDevice(this, AllocateMemory)).Arrived();

    private static int Flag(Tensor? x) => x is null ? 0 : 1;

    private GpuScratch Scratch(long count) => _scratch.Rent(count);

    /// <summary>
    /// What the compiler may rely on: the threads of a group, and how many groups should be resident.
    /// </summary>
    private static KernelSpecialization Specialization(Delegate kernel, KernelConfig config) =>
        new(config.GroupDim.Size, ResidentGroupsAttribute.Of(kernel.Method));

    private T Kernel<T>(Delegate kernel, Func<T> load)
        where T : Delegate
    {
        if (!_kernels.TryGetValue(kernel.Method, out Delegate? loaded))
            _kernels[kernel.Method] = loaded = load();
        return (T)loaded;
    }

    private void Launch<T1>(KernelConfig config, Action<T1> kernel, T1 a)
        where T1 : struct =>
        Kernel(kernel, () => Accelerator.LoadStreamKernel(kernel, Specialization(kernel, config)))(config, a);

    private void Launch<T1, T2>(KernelConfig config, Action<T1, T2> kernel, T1 a, T2 b)
        where T1 : struct
        where T2 : struct =>
        Kernel(kernel, () => Accelerator.LoadStreamKernel(kernel, Specialization(kernel, config)))(config, a, b);

    private void Launch<T1, T2, T3, T4>(KernelConfig config, Action<T1, T2, T3, T4> kernel, T1 a, T2 b, T3 c, T4 d)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct =>
        Kernel(kernel, () => Accelerator.LoadStreamKernel(kernel, Specialization(kernel, config)))(config, a, b, c, d);

    private void Launch<T1, T2, T3, T4, T5>(
        KernelConfig config, Action<T1, T2, T3, T4, T5> kernel, T1 a, T2 b, T3 c, T4 d, T5 e)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
        where T5 : struct =>
        Kernel(kernel, () => Accelerator.LoadStreamKernel(kernel, Specialization(kernel, config)))(
            config, a, b, c, d, e);
}
