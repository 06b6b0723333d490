using System.Diagnostics;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Cli.Bench;

/// <summary>What the machine could do at best, measured beside the work that is compared with it.</summary>
/// <param name="Threads">Threads that ran at once.</param>
/// <param name="FloatingPointPerSecond">
/// Multiply-add peak of all threads, a multiply-add counted as 2 operations.
/// </param>
/// <param name="BytesPerSecond">Copy bandwidth of all threads, read and written bytes counted.</param>
internal sealed record MachineProbe(int Threads, double FloatingPointPerSecond, double BytesPerSecond)
{
    private const int Rounds = 1 << 21, Repeats = 40;
    private const int CopyNumbers = 1 << 24; // 64 MB a thread: beyond every cache

    /// <summary>
    /// The multiply-add peak of 1, 2, 4 .. threads of the processor and of all that <paramref name="backend"/> has,
    /// which is known; nothing for another device.
    /// </summary>
    public IEnumerable<(int Threads, double FloatingPointPerSecond)> Peaks(Backend backend)
    {
        if (backend is not CpuBackend)
            yield break;
        for (int threads = 1; threads < Threads; threads *= 2)
            yield return (threads, Peak(threads));
        yield return (Threads, FloatingPointPerSecond);
    }

    /// <summary>Takes about half a second.</summary>
    public static MachineProbe Measure(Backend backend) =>
        backend is CpuBackend cpu ? Measure(cpu.Threads) : MeasureDevice(backend);

    /// <summary>
    /// What another device did at best of its own work: its largest matrix product, 2 n^3 operations, and scaling a
    /// tensor that no cache holds. The maker's peak is not known here.
    /// </summary>
    private static MachineProbe MeasureDevice(Backend backend)
    {
        const int Side = 4096;
        using Storage a = backend.Allocate(Side * Side), b = backend.Allocate(Side * Side);
        using Storage c = backend.Allocate(Side * Side);
        using Storage numbers = backend.Allocate(4L * CopyNumbers);
        Tensor x = Zeros(backend, a, Side, Side), w = Zeros(backend, b, Side, Side), y = Zeros(backend, c, Side, Side);
        Tensor large = Zeros(backend, numbers, 4 * CopyNumbers);
        double multiply = Best(1, _ => Wait(backend, () => backend.LinearForward(x, w, null, y)));
        double scale = Best(1, _ => Wait(backend, () => backend.Scale(large, 1)));
        return new MachineProbe(1, 2.0 * Side * Side * Side / multiply, 2.0 * sizeof(float) * large.Count / scale);
    }

    private static Tensor Zeros(Backend backend, Storage storage, params ReadOnlySpan<int> shape)
    {
        var tensor = new Tensor(storage, shape);
        backend.Clear(tensor);
        return tensor;
    }

    private static void Wait(Backend backend, Action work)
    {
        work();
        backend.Synchronize();
    }

    private static MachineProbe Measure(int threads)
    {
        var sources = new float[threads][];
        var targets = new float[threads][];
        OnAll(threads, i => (sources[i], targets[i]) = (new float[CopyNumbers], new float[CopyNumbers]));
        OnAll(threads, i => Array.Fill(sources[i], 1));
        double copy = Best(threads, i => sources[i].AsSpan().CopyTo(targets[i]));
        return new MachineProbe(threads, Peak(threads), 2.0 * sizeof(float) * CopyNumbers * threads / copy);
    }

    private static double Peak(int threads)
    {
        double operations = 0;
        double seconds = Best(threads, i => Interlocked.Exchange(ref operations, CpuBackend.MultiplyAdd(Rounds)));
        return threads * operations / seconds;
    }

    /// <summary>The larger of the time for the arithmetic and the time for the bytes.</summary>
    public double Floor(double operations, double bytes) =>
        Math.Max(operations / FloatingPointPerSecond, bytes / BytesPerSecond);

    // The best run, not the median: a peak is what nothing disturbed. The same threads for all repeats, each begun
    // together: a thread just started often runs on its starter's processor, and two of them measured the peak of one.
    private static double Best(int threads, Action<int> work)
    {
        double best = double.MaxValue, slowest = 0;
        using var together = new Barrier(threads, _ =>
        {
            best = slowest > 0 ? Math.Min(best, slowest) : best;
            slowest = 0;
        });
        OnAll(threads, i =>
        {
            for (int run = 0; run < Repeats; run++)
            {
                together.SignalAndWait();
                long start = Stopwatch.GetTimestamp();
                work(i);
                double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                lock (together)
                    slowest = Math.Max(slowest, seconds);
            }

            together.SignalAndWait();
        });
        return best;
    }

    private static void OnAll(int threads, Action<int> work)
    {
        Thread[] others = [.. Enumerable.Range(1, threads - 1).Select(i => new Thread(() => work(i)))];
        foreach (Thread thread in others)
            thread.Start();
        work(0);
        foreach (Thread thread in others)
            thread.Join();
    }
}
