using ILGPU.Runtime;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu;

// A batch of images goes to the device while it computes on the last one: from memory that the driver does not page
// (a copy from other memory makes the driver copy it first, and waits), in a stream of its own.
public partial class GpuBackend
{
    private readonly Stack<StagingBlock> _free = [];
    private AcceleratorStream? _copies;

    /// <inheritdoc/>
    public override StagedInput Stage(ReadOnlySpan<float> values, params ReadOnlySpan<int> shape)
    {
        if (values.Length == 0)
            return base.Stage(values, shape);
        _copies ??= Accelerator.CreateStream();
        StagingBlock block = TakeBlock(values.Length);
        values.CopyTo(block.Pinned.Span);
        block.Memory.View.CopyFromCPUUnsafeAsync(_copies, ref block.Pinned.Span[0], values.Length);
        block.Memory.Arrival = _copies;
        return new StagedInput(new Tensor(block.Storage, shape), () =>
        {
            block.Storage.Forget();
            _free.Push(block);
        });
    }

    /// <summary>A free block of that size; whoever gave it back has read what depended on it.</summary>
    private StagingBlock TakeBlock(int count)
    {
        var others = new List<StagingBlock>();
        StagingBlock? found = null;
        while (found is null && _free.TryPop(out StagingBlock? block))
        {
            if (block.Pinned.Length == count)
                found = block;
            else
                others.Add(block);
        }

        others.ForEach(_free.Push);
        if (found is not null)
            return found;
        GpuMemory memory = AllocateMemory(count);
        return new StagingBlock(Accelerator.AllocatePageLocked1D<float>(count), memory, new Storage(memory, count));
    }

    private void FreeStaging()
    {
        foreach (StagingBlock block in _free)
        {
            block.Storage.Dispose();
            block.Pinned.Dispose();
        }

        _free.Clear();
        _copies?.Dispose();
    }

    private sealed record StagingBlock(PageLockedArray1D<float> Pinned, GpuMemory Memory, Storage Storage);
}
