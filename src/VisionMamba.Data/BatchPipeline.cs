using VisionMamba.Data.Augment;
using VisionMamba.Data.Datasets;
using VisionMamba.Tensors;

namespace VisionMamba.Data;

/// <summary>
/// One epoch in progress. Workers take samples in order, one at a time, so that they finish a batch together; a ring of
/// buffers bounds how far they run ahead. All shared state is guarded by one lock, held only between pictures.
/// </summary>
internal sealed class BatchPipeline : IDisposable
{
    private const string Remedy = "svp data check lists all such images, --on-bad-image skip leaves them out";

    // Far from the streams that transforms derive from a sample's generator.
    private const ulong RepeatStream = 0x4E9EA7;
    private readonly ImageDataset _data;
    private readonly ITransform _transform;
    private readonly int[] _order;
    private readonly int _batch;
    private readonly Rng _augment;
    private readonly Func<int, int> _repeatOf;
    private readonly Slot[] _ring;
    private readonly Thread[] _threads;
    private readonly object _gate = new();
    private int _nextPosition;
    private int _nextBatch;
    private int _released; // batches whose buffer may be written again
    private bool _stopped;

    public BatchPipeline(
        ImageDataset data, ITransform transform, int[] order, int batch, Rng augment, float[][] buffers, int workers,
        Func<int, int> repeatOf)
    {
        (_data, _transform, _order, _batch, _augment) = (data, transform, order, batch, augment);
        _repeatOf = repeatOf;
        _ring = buffers.Select(buffer => new Slot(buffer)).ToArray();
        for (int b = 0; b < _ring.Length; b++)
            Prepare(b);
        _threads = new Thread[Math.Min(workers, Math.Max(order.Length, 1))];
        for (int i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Work) { IsBackground = true, Name = $"svp images {i + 1}" };
            _threads[i].Start();
        }
    }

    internal IReadOnlyList<Thread> Threads => _threads;

    /// <summary>The next batch in order; the one before it is given back.</summary>
    public ImageBatch Next()
    {
        lock (_gate)
        {
            if (_nextBatch > _released)
            {
                _released = _nextBatch;
                Prepare(_released + _ring.Length - 1);
                Monitor.PulseAll(_gate);
            }

            Slot slot = _ring[_nextBatch % _ring.Length];
            while (slot.Missing > 0 && !_stopped)
                Monitor.Wait(_gate);
            ObjectDisposedException.ThrowIf(_stopped, typeof(BatchLoader));
            if (slot.Failure is { } failure)
                throw failure;
            return BatchOf(_nextBatch++, slot.Pixels);
        }
    }

    public void Dispose()
    {
        Stop();
        foreach (Thread thread in _threads)
            thread.Join();
    }

    private void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void Prepare(int batch)
    {
        Slot slot = _ring[batch % _ring.Length];
        slot.Missing = Math.Clamp(_order.Length - batch * _batch, 0, _batch);
        (slot.Failure, slot.FailedAt) = (null, int.MaxValue);
    }

    private void Work()
    {
        while (Take() is var position and >= 0)
        {
            Slot slot = _ring[position / _batch % _ring.Length];
            Exception? failure = null;
            try
            {
                Fill(position, slot.Pixels);
            }
            catch (Exception e)
            {
                failure = Named(e, _data.Samples[_order[position]].Path);
            }

            lock (_gate)
            {
                if (failure is not null && position < slot.FailedAt) // the first in order, whichever came first in time
                    (slot.Failure, slot.FailedAt) = (failure, position);
                if (--slot.Missing == 0)
                    Monitor.PulseAll(_gate);
            }
        }
    }

    // The next position once its buffer is free, or -1 when there is nothing left to do.
    private int Take()
    {
        lock (_gate)
        {
            while (!_stopped && _nextPosition < _order.Length && _nextPosition / _batch >= _released + _ring.Length)
                Monitor.Wait(_gate);
            return _stopped || _nextPosition >= _order.Length ? -1 : _nextPosition++;
        }
    }

    private void Fill(int position, float[] pixels)
    {
        int index = _order[position], numbers = 3 * _transform.Size * _transform.Size;
        Span<float> destination = pixels.AsSpan(position % _batch * numbers, numbers);
        int repeat = _repeatOf(position);
        Rng rng = _augment.Derive((ulong)index);
        _transform.Apply(_data.Load(index), repeat == 0 ? rng : rng.Derive(RepeatStream + (ulong)repeat), destination);
    }

    private ImageBatch BatchOf(int batch, float[] pixels)
    {
        int first = batch * _batch;
        int[] indices = _order[first..Math.Min(first + _batch, _order.Length)];
        int[] labels = Array.ConvertAll(indices, i => _data.Samples[i].Label);
        string[] paths = Array.ConvertAll(indices, i => _data.Samples[i].Path);
        return new ImageBatch(pixels, _transform.Size, indices, labels, paths);
    }

    // What is to be done about too little memory is not the image's affair.
    private static Exception Named(Exception e, string path) => e is OutOfMemoryException ? e
        : e is VisionMambaException && e.Message.Contains(path, StringComparison.Ordinal)
            ? new VisionMambaException($"{e.Message}; {Remedy}", e)
            : new VisionMambaException($"{path}: the image cannot be prepared: {e.Message}; {Remedy}", e);

    private sealed class Slot(float[] pixels)
    {
        public float[] Pixels { get; } = pixels;

        public int Missing { get; set; }

        public Exception? Failure { get; set; }

        public int FailedAt { get; set; }
    }
}
