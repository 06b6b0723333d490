namespace VisionMamba.Tensors.Cpu;

/// <summary>
/// Runs numbered pieces of one kernel on a fixed set of threads. The pieces are cut by the problem's size alone,
/// never by the number of threads, so that results do not depend on it. Once warm it makes no objects.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    // About half a millisecond: kernels of one step follow each other faster than a sleeping thread wakes.
    private const int SpinsBeforeSleep = 4000;
    private readonly Thread[] _threads;
    private readonly object _wake = new();
    private volatile bool _stopped;

    // The kernel in work. Who takes a piece may read it: it changes only when all pieces are done. A thread that wakes
    // late finds no piece to take, and nobody waits for it.
    private Work? _work;
    private Exception? _failure;
    private int _pieces, _left, _untaken, _busy;
    private volatile int _kernels;

    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _threads = new Thread[threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Help) { IsBackground = true, Name = $"svp compute {i + 1}" };
            _threads[i].Start();
        }
    }

    /// <summary>The number of threads that compute, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>
    /// Runs pieces 0 .. <paramref name="pieces"/>-1 of <paramref name="kernel"/>, each once, and returns when all are
    /// done. Not re-entrant.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// A piece failed; the inner exception says why. Or another thread's kernel is in work.
    /// </exception>
    public void Run<TKernel>(int pieces, TKernel kernel)
        where TKernel : struct, IPieces
    {
        if (pieces <= 1 || _threads.Length == 0)
        {
            for (int i = 0; i < pieces; i++)
                kernel.Run(i);
            return;
        }

        if (Interlocked.Exchange(ref _busy, 1) != 0)
            throw new InvalidOperationException("a backend computes for one thread at a time; give each one its own");
        Work<TKernel> work = Work<TKernel>.Of(kernel);
        try
        {
            Share(pieces, work);
        }
        finally
        {
            work.Forget();
            Volatile.Write(ref _busy, 0);
        }
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

    private void Share(int pieces, Work work)
    {
        (_work, _failure, _pieces, _left) = (work, null, pieces, pieces);
        // Last: from here on pieces are taken.
        Volatile.Write(ref _untaken, pieces);
        lock (_wake)
        {
            _kernels++;
            Monitor.PulseAll(_wake);
        }

        TakePieces();
        var spin = new SpinWait();
        while (Volatile.Read(ref _left) != 0)
            spin.SpinOnce(sleep1Threshold: -1);
        _work = null;
        if (_failure is { } failure)
            throw new InvalidOperationException(failure.Message, failure);
    }

    private void TakePieces()
    {
        for (int left = Interlocked.Decrement(ref _untaken); left >= 0; left = Interlocked.Decrement(ref _untaken))
        {
            try
            {
                _work!.Run(_pieces - 1 - left);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _failure, e, null);
            }

            Interlocked.Decrement(ref _left);
        }
    }

    private void Help()
    {
        int seen = 0;
        while (!_stopped)
        {
            for (int i = 0; i < SpinsBeforeSleep && _kernels == seen && !_stopped; i++)
                Thread.SpinWait(8);
            if (_kernels == seen)
                Sleep(seen);
            seen = _kernels;
            TakePieces();
        }
    }

    private void Sleep(int seen)
    {
        lock (_wake)
        {
            while (_kernels == seen && !_stopped)
                Monitor.Wait(_wake);
        }
    }

    private abstract class Work
    {
        public abstract void Run(int piece);
    }

    /// <summary>A kernel where all threads see it. Each thread that hands out kernels has one for each kind.</summary>
    private sealed class Work<TKernel> : Work
        where TKernel : struct, IPieces
    {
        [ThreadStatic]
        private static Work<TKernel>? t_spare;

        private TKernel _kernel;

        public static Work<TKernel> Of(TKernel kernel)
        {
            Work<TKernel> work = t_spare ?? new Work<TKernel>();
            t_spare = null;
            work._kernel = kernel;
            return work;
        }

        public override void Run(int piece) => _kernel.Run(piece);

        /// <summary>Lets go of the kernel's tensors.</summary>
        public void Forget()
        {
            _kernel = default;
            t_spare = this;
        }
    }
}
