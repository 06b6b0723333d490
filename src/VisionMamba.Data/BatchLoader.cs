using VisionMamba.Data.Augment;
using VisionMamba.Data.Datasets;
using VisionMamba.Tensors;

namespace VisionMamba.Data;

/// <summary>
/// Decodes and augments on worker threads, a few batches ahead of the reader. Order and augmentation are functions of
/// (seed, epoch, sample) alone: the number of workers and the batch it starts at change nothing.
/// </summary>
public sealed class BatchLoader : IDisposable
{
    internal const ulong AugmentStream = 0xA06E;
    private const ulong OrderStream = 0x0DE5;
    private readonly ImageDataset _data;
    private readonly ITransform _transform;
    private readonly int _batch;
    private readonly ulong _seed;
    private readonly int _workers;
    private readonly bool _shuffle;
    private readonly int _repeats;
    private readonly float[][] _buffers;
    private readonly object _gate = new();
    private BatchPipeline? _running;
    private bool _disposed;

    /// <summary>A loader over <paramref name="data"/>; threads run only while an epoch is being read.</summary>
    /// <param name="data">The samples.</param>
    /// <param name="transform">Picture to input.</param>
    /// <param name="batch">Samples a batch.</param>
    /// <param name="seed">Decides order and augmentation.</param>
    /// <param name="workers">Threads, at least 1.</param>
    /// <param name="shuffle">A new order each epoch; else the data set's order.</param>
    /// <param name="dropLast">Leave out a last batch that is not full.</param>
    /// <param name="repeats">
    /// How often in a row each sample comes, differently augmented (repeated augmentation, Hoffer et al. 2020; timm's
    /// RepeatAugSampler): an epoch stays as long as it is and sees every repeats-th sample.
    /// </param>
    /// <param name="ahead">Batches prepared beyond the one being read; each takes batch * 3 * size * size * 4
    /// bytes.</param>
    public BatchLoader(
        ImageDataset data, ITransform transform, int batch, ulong seed, int workers, bool shuffle, bool dropLast,
        int ahead = 2, int repeats = 1)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ahead, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(repeats, 1);
        long image = 3L * transform.Size * transform.Size;
        if (batch > Array.MaxLength / image)
        {
            throw new VisionMambaException(
                $"--batch {batch}: so many images of {transform.Size} px do not fit into one buffer; give at most "
                + $"{Array.MaxLength / image}");
        }

        (_data, _transform, _batch, _seed, _workers, _shuffle) = (data, transform, batch, seed, workers, shuffle);
        _repeats = repeats;
        BatchesPerEpoch = dropLast ? data.Count / batch : (data.Count + batch - 1) / batch;
        SamplesPerEpoch = dropLast ? BatchesPerEpoch * batch : data.Count;
        _buffers = new float[Math.Min(ahead + 1, Math.Max(BatchesPerEpoch, 1))][];
        if (BatchesPerEpoch == 0)
            throw new VisionMambaException(data.Count == 0
                ? $"{data.Name}: holds no images"
                : $"{data.Name}: {data.Count} images do not fill one batch of {batch}; use a smaller batch");
    }

    /// <summary>Batches that a whole epoch gives.</summary>
    public int BatchesPerEpoch { get; }

    /// <summary>Samples that a whole epoch gives.</summary>
    public int SamplesPerEpoch { get; }

    /// <summary>The threads of the epoch that was begun last.</summary>
    internal IReadOnlyList<Thread> Threads { get; private set; } = [];

    /// <summary>
    /// The batches of one epoch from <paramref name="firstBatch"/> on, which is how a run resumes in mid-epoch. One
    /// epoch can be read at a time. A picture that cannot be read ends it with a <see cref="VisionMambaException"/>.
    /// </summary>
    public IEnumerable<ImageBatch> Epoch(int epoch, int firstBatch = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(firstBatch);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstBatch, BatchesPerEpoch);
        return Read(epoch, firstBatch);
    }

    /// <summary>The order in which <paramref name="epoch"/> visits the samples.</summary>
    public int[] Order(int epoch)
    {
        int[] once = _shuffle
            ? new Rng(_seed, OrderStream).Derive((ulong)epoch).Permutation(_data.Count)
            : Enumerable.Range(0, _data.Count).ToArray();
        return _repeats == 1 ? once : [.. Enumerable.Range(0, once.Length).Select(i => once[i / _repeats])];
    }

    /// <summary>
    /// Ends an epoch that is being read, from any thread, and waits for its workers; the reader gets an
    /// <see cref="ObjectDisposedException"/>. Leaving the loop over an epoch ends its workers, too.
    /// </summary>
    public void Dispose()
    {
        BatchPipeline? running;
        lock (_gate)
        {
            _disposed = true;
            running = _running;
        }

        running?.Dispose();
    }

    private IEnumerable<ImageBatch> Read(int epoch, int firstBatch)
    {
        using BatchPipeline pipeline = Start(epoch, firstBatch);
        try
        {
            for (int b = firstBatch; b < BatchesPerEpoch; b++)
                yield return pipeline.Next();
        }
        finally
        {
            pipeline.Dispose();
            lock (_gate)
                _running = null;
        }
    }

    private BatchPipeline Start(int epoch, int firstBatch)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_running is not null)
                throw new InvalidOperationException("this loader is already reading an epoch; finish that one first");
            for (int i = 0; i < _buffers.Length; i++)
                _buffers[i] ??= new float[_batch * 3 * _transform.Size * _transform.Size];
            int first = Math.Min(firstBatch * _batch, SamplesPerEpoch);
            int[] order = Order(epoch)[first..SamplesPerEpoch];
            Rng augment = new Rng(_seed, AugmentStream).Derive((ulong)epoch);
            _running = new BatchPipeline(_data, _transform, order, _batch, augment, _buffers, _workers,
                position => (first + position) % _repeats);
            Threads = _running.Threads;
            return _running;
        }
    }
}
