namespace VisionMamba.Tensors.Cpu;

/// <summary>
/// Runs numbered pieces of one kernel on a fixed set of threads. The pieces are cut by the problem's size alone,
/// never by the number of threads, so that results do not depend on it.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    // About half a millisecond: kernels of one step follow each other faster than a sleeping thread wakes.
    private const int SpinsBeforeSleep = 4000;
    private readonly Thread[] _threads;
    private readonly object _wake = new();
    private volatile Job? _job;
    private volatile bool _stopped;

    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _threads = new Thread[threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Work) { IsBackground = true, Name = $"svp compute {i + 1}" };
            _threads[i].Start();
        }
    }

    /// <summary>The number of threads that compute, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>Runs piece(0) .. piece(pieces-1), each once, and returns when all are done. Not re-entrant.</summary>
    public void Run(int pieces, Action<int> piece)
    {
        if (pieces <= 1 || _threads.Length == 0)
        {
            for (int i = 0; i < pieces; i++)
                piece(i);
            return;
        }

        // A thread that wakes late finds its job finished and takes nothing: nobody waits for it.
        var job = new Job(pieces, piece);
        lock (_wake)
        {
            _job = job;
            Monitor.PulseAll(_wake);
        }

        job.Drain();
        job.Wait();
        if (job.Failure is { } failure)
            throw new InvalidOperationException(failure.Message, failure);
    }

    public void Dispose()
    {
        lock (_wake)
        {
            _stopped = true;
            Monitor.PulseAll(_wake);
        }

        foreach (Thread thread in _threads)
            thread.Join();
    }

    private void Work()
    {
        Job? seen = null;
        while (!_stopped)
        {
            for (int i = 0; i < SpinsBeforeSleep && ReferenceEquals(_job, seen) && !_stopped; i++)
                Thread.SpinWait(8);
            if (ReferenceEquals(_job, seen))
                Sleep(seen);
            seen = _job;
            seen?.Drain();
        }
    }

    private void Sleep(Job? seen)
    {
        lock (_wake)
        {
            while (ReferenceEquals(_job, seen) && !_stopped)
                Monitor.Wait(_wake);
        }
    }

    private sealed class Job(int pieces, Action<int> piece)
    {
        private readonly int _pieces = pieces;
        private int _next = -1;
        private int _left = pieces;
        private Exception? _failure;

        public Exception? Failure => _failure;

        public void Drain()
        {
            for (int i = Interlocked.Increment(ref _next); i < _pieces; i = Interlocked.Increment(ref _next))
            {
                try
                {
                    piece(i);
                }
                catch (Exception e)
                {
                    Interlocked.CompareExchange(ref _failure, e, null);
                }

                Interlocked.Decrement(ref _left);
            }
        }

        public void Wait()
        {
            var spin = new SpinWait();
            while (Volatile.Read(ref _left) != 0)
                spin.SpinOnce(sleep1Threshold: -1);
        }
    }
}
