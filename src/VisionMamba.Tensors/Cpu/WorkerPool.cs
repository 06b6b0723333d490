namespace VisionMamba.Tensors.Cpu;

/// <summary>
/// Runs numbered pieces of one kernel on a fixed set of threads. The pieces are cut by the problem's size alone,
/// never by the number of threads, so that results do not depend on it.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    private const int SpinsBeforeSleep = 2000;
    private readonly Thread[] _threads;
    private readonly object _wake = new();
    private Action<int>? _piece;
    private int _pieces;
    private int _next;
    private int _busy;
    private int _generation;
    private Exception? _failure;
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

        _piece = piece;
        _pieces = pieces;
        _next = 0;
        Volatile.Write(ref _busy, _threads.Length);
        lock (_wake)
        {
            _generation++;
            Monitor.PulseAll(_wake);
        }

        Drain();
        var spin = new SpinWait();
        while (Volatile.Read(ref _busy) != 0)
            spin.SpinOnce(sleep1Threshold: -1);
        _piece = null;
        if (Interlocked.Exchange(ref _failure, null) is { } failure)
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
        int seen = 0;
        while (true)
        {
            for (int i = 0; i < SpinsBeforeSleep && Volatile.Read(ref _generation) == seen && !_stopped; i++)
                Thread.SpinWait(20);
            lock (_wake)
            {
                while (_generation == seen && !_stopped)
                    Monitor.Wait(_wake);
                if (_stopped)
                    return;
                seen = _generation;
            }

            Drain();
            Interlocked.Decrement(ref _busy);
        }
    }

    private void Drain()
    {
        Action<int> piece = _piece!;
        int pieces = _pieces;
        for (int i = Interlocked.Increment(ref _next) - 1; i < pieces; i = Interlocked.Increment(ref _next) - 1)
        {
            try
            {
                piece(i);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _failure, e, null);
            }
        }
    }
}
