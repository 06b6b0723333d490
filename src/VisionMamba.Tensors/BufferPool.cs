using System.Numerics;

namespace VisionMamba.Tensors;

/// <summary>
/// Keeps freed blocks by size. One training step asks for the same sizes as the last one, so the steady state
/// allocates nothing.
/// </summary>
/// <param name="backend">The device whose memory it lends; null for the host's.</param>
public sealed class BufferPool(Backend? backend = null) : IDisposable
{
    private readonly Dictionary<long, Stack<Storage>> _free = [];

    /// <summary>How many numbers are lent out now.</summary>
    public long InUse { get; private set; }

    /// <summary>The largest <see cref="InUse"/> seen so far.</summary>
    public long Peak { get; private set; }

    /// <summary>How many numbers all its blocks hold, lent out or free.</summary>
    public long Held { get; private set; }

    /// <summary>How many blocks had to be allocated because none of the size was free.</summary>
    public long Allocations { get; private set; }

    /// <summary>Frees the blocks that are not lent out.</summary>
    public void Dispose()
    {
        foreach (Stack<Storage> blocks in _free.Values)
            foreach (Storage block in blocks)
                block.Dispose();
        _free.Clear();
    }

    internal Storage Rent(long count)
    {
        long rounded = backend is null or { OnHost: true } ? Rounded(count) : count;
        // Just as large where somebody returned such a block, as the tests do with guarded ones.
        Storage block = Free(count) ?? Free(rounded) ?? Allocate(rounded);
        InUse += block.Count;
        Peak = Math.Max(Peak, InUse);
        return block;
    }

    internal void Return(Storage storage)
    {
        InUse -= storage.Count;
        storage.Forget();
        if (!_free.TryGetValue(storage.Count, out Stack<Storage>? blocks))
            _free[storage.Count] = blocks = new Stack<Storage>();
        blocks.Push(storage);
    }

    private Storage? Free(long count) =>
        _free.TryGetValue(count, out Stack<Storage>? blocks) && blocks.TryPop(out Storage? block) ? block : null;

    private Storage Allocate(long count)
    {
        Allocations++;
        Held += count;
        return backend?.Allocate(count) ?? new Storage(count);
    }

    /// <summary>
    /// Up to the next 32nd of a power of two: at most 3 % more, and nearly equal sizes (196 tokens and 197) share
    /// blocks.
    /// </summary>
    private static long Rounded(long count)
    {
        long step = Math.Max(1, (long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(count, 1)) / 64);
        return (count + step - 1) / step * step;
    }
}
