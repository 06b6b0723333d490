using System.Collections.Concurrent;
using ILGPU;
using ILGPU.Runtime;
using VisionMamba.Gpu.Kernels;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu;

public partial class GpuBackend
{
    // Blocks whose tensors are gone; the finalizer may not talk to the device, so the next allocation frees them.
    private readonly ConcurrentQueue<MemoryBuffer> _retired = new();
    private bool _disposed;

    /// <inheritdoc/>
    public override bool OnHost => false;

    /// <inheritdoc/>
    public override void Synchronize() => Accelerator.Synchronize();

    /// <inheritdoc/>
    public override Storage Allocate(long count) => new(AllocateMemory(count), count);

    /// <inheritdoc/>
    public override void Clear(Tensor x) => Fill(View(x), 0);

    /// <inheritdoc/>
    public override void Scale(Tensor x, float factor) => Launch(
        ElementKernels.Configure(x.Count), ElementKernels.Scale,
        new ElementArguments { Y = View(x), Count = x.Count, Value = factor });

    /// <inheritdoc/>
    public override void Clamp(Tensor x, float limit) => Launch(
        ElementKernels.Configure(x.Count), ElementKernels.Clamp,
        new ElementArguments { Y = View(x), Count = x.Count, Value = limit });

    /// <inheritdoc/>
    public override double SumOfSquares(Tensor x) => Reduce(ReductionKernels.SumSquares, x);

    /// <inheritdoc/>
    public override double SumOfSquares(ReadOnlySpan<Tensor> tensors)
    {
        int total = 0, first = 0;
        foreach (Tensor tensor in tensors)
            total += GroupReduction.Groups(tensor.Count);
        if (total == 0)
            return 0;
        using GpuScratch parts = Scratch(2L * total);
        foreach (Tensor tensor in tensors)
        {
            int groups = GroupReduction.Groups(tensor.Count);
            Reduce(ReductionKernels.SumSquares, tensor, parts.View.SubView(2L * first, 2L * groups), groups);
            first += groups;
        }

        return Sum(parts.View.SubView(0, 2L * total));
    }

    /// <inheritdoc/>
    public override bool AllFinite(Tensor x) => Reduce(ReductionKernels.CountNotFinite, x) == 0;

    /// <inheritdoc/>
    public override void ClipByUnit(Tensor gradient, Tensor weight, double factor, double epsilon)
    {
        int units = weight.Shape.Length <= 1 ? 1 : weight.Shape[0];
        if (weight.Count == 0)
            return;
        Launch(GroupReduction.Configure(units), ReductionKernels.ClipUnit, new UnitClipArguments
        {
            Gradient = View(gradient),
            Weight = View(weight),
            Size = weight.Count / units,
            Factor = factor,
            Epsilon = epsilon,
        });
    }

    /// <summary>For kernels that add to a target which may be blank.</summary>
    private void ClearBlank(Tensor? x)
    {
        if (x is not null && x.TakeBlank())
            Clear(x);
    }

    internal void Fill(ArrayView<float> numbers, float value) => Launch(
        ElementKernels.Configure(numbers.Length), ElementKernels.Fill,
        new ElementArguments { Y = numbers, Count = numbers.Length, Value = value });

    internal void Retire(MemoryBuffer memory)
    {
        if (!_disposed)
            _retired.Enqueue(memory);
    }

    /// <summary>Whether an allocation failed because the device has no memory left.</summary>
    protected virtual bool IsOutOfMemory(Exception e) => e is OutOfMemoryException;

    /// <summary>A block of <typeparamref name="T"/>.</summary>
    /// <exception cref="DeviceMemoryException">The device has no memory left.</exception>
    internal MemoryBuffer1D<T, Stride1D.Dense> AllocateBlock<T>(long count)
        where T : unmanaged
    {
        FreeRetired();
        try
        {
            return AllocateOnDevice<T>(count);
        }
        catch (Exception e) when (IsOutOfMemory(e))
        {
            throw new DeviceMemoryException(
                $"{Description}: out of memory, {count * Interop.SizeOf<T>() / 1e6:F0} MB more are needed and "
                + $"{FreeBytes / 1e6:F0} MB are free", e);
        }
    }

    /// <summary>Asks the device for memory.</summary>
    protected virtual MemoryBuffer1D<T, Stride1D.Dense> AllocateOnDevice<T>(long count)
        where T : unmanaged => Accelerator.Allocate1D<T>(count);

    private GpuMemory AllocateMemory(long count) => new(this, AllocateBlock<float>(Math.Max(count, 1)));

    private void FreeRetired()
    {
        while (_retired.TryDequeue(out MemoryBuffer? buffer))
            buffer.Dispose();
    }

    private double Reduce(Action<ReductionArguments> kernel, Tensor x)
    {
        int groups = GroupReduction.Groups(x.Count);
        using GpuScratch parts = Scratch(2L * groups);
        Reduce(kernel, x, parts.View.SubView(0, 2L * groups), groups);
        return Sum(parts.View.SubView(0, 2L * groups));
    }

    private void Reduce(Action<ReductionArguments> kernel, Tensor x, ArrayView<float> parts, int groups) => Launch(
        GroupReduction.Configure(groups), kernel,
        new ReductionArguments { X = View(x), Parts = parts, Count = x.Count });

    /// <summary>The sum of all of <paramref name="parts"/>: the device is waited for.</summary>
    private static double Sum(ArrayView<float> parts)
    {
        var numbers = new float[parts.Length];
        parts.CopyToCPU(numbers);
        double sum = 0;
        foreach (float number in numbers)
            sum += number;
        return sum;
    }
}
