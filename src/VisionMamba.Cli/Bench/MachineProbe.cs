using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Cli.Bench;

/// <summary>What the machine could do at best, measured beside the work that is compared with it.</summary>
/// <param name="Threads">Threads that ran at once.</param>
/// <param name="FloatingPointPerSecond">Multiply-add peak of all threads, a multiply-add counted as 2 operations.</param>
/// <param name="BytesPerSecond">Copy bandwidth of all threads, read and written bytes counted.</param>
internal sealed record MachineProbe(int Threads, double FloatingPointPerSecond, double BytesPerSecond)
{
    private const int Chains = 10, Rounds = 1 << 21, Repeats = 40;
    private const int CopyNumbers = 1 << 24; // 64 MB a thread: beyond every cache

    private static int Width => Vector512.IsHardwareAccelerated ? Vector512<float>.Count
        : Vector256.IsHardwareAccelerated ? Vector256<float>.Count : Vector128<float>.Count;

    /// <summary>
    /// The multiply-add peak of 1, 2, 4 .. threads of the processor, up to as many as <paramref name="backend"/> has;
    /// nothing for another device.
    /// </summary>
    public static IEnumerable<(int Threads, double FloatingPointPerSecond)> Peaks(Backend backend)
    {
        for (int threads = 1; backend is CpuBackend cpu && threads <= cpu.Threads; threads *= 2)
            yield return (threads, Peak(threads));
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
        using Storage a = backend.Allocate(Side * Side), b = backend.Allocate(Side * Side), c = backend.Allocate(Side * Side);
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

    private static double Peak(int threads) =>
        2.0 * Chains * Width * Rounds * threads / Best(threads, _ => MultiplyAdd(Rounds));

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

    /// <summary>
    /// Ten independent chains: more than latency times the number of multiply-add units on any current core, and as many
    /// as sixteen registers hold. Vectors wider than the processor's would be spilled and give half of its peak.
    /// </summary>
    private static double MultiplyAdd(int rounds) =>
        Vector512.IsHardwareAccelerated ? Wide(rounds)[0]
        : Vector256.IsHardwareAccelerated ? Medium(rounds)[0] : Narrow(rounds)[0];

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Vector512<float> Wide(int rounds)
    {
        Vector512<float> x = Vector512.Create(1.0001f), y = Vector512.Create(1e-9f);
        Vector512<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x;
        for (; rounds > 0; rounds--)
        {
            a = Vector512.MultiplyAddEstimate(a, y, x);
            b = Vector512.MultiplyAddEstimate(b, y, x);
            c = Vector512.MultiplyAddEstimate(c, y, x);
            d = Vector512.MultiplyAddEstimate(d, y, x);
            e = Vector512.MultiplyAddEstimate(e, y, x);
            f = Vector512.MultiplyAddEstimate(f, y, x);
            g = Vector512.MultiplyAddEstimate(g, y, x);
            h = Vector512.MultiplyAddEstimate(h, y, x);
            i = Vector512.MultiplyAddEstimate(i, y, x);
            j = Vector512.MultiplyAddEstimate(j, y, x);
        }

        return a + b + c + d + e + f + g + h + i + j;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Vector256<float> Medium(int rounds)
    {
        Vector256<float> x = Vector256.Create(1.0001f), y = Vector256.Create(1e-9f);
        Vector256<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x;
        for (; rounds > 0; rounds--)
        {
            a = Vector256.MultiplyAddEstimate(a, y, x);
            b = Vector256.MultiplyAddEstimate(b, y, x);
            c = Vector256.MultiplyAddEstimate(c, y, x);
            d = Vector256.MultiplyAddEstimate(d, y, x);
            e = Vector256.MultiplyAddEstimate(e, y, x);
            f = Vector256.MultiplyAddEstimate(f, y, x);
            g = Vector256.MultiplyAddEstimate(g, y, x);
            h = Vector256.MultiplyAddEstimate(h, y, x);
            i = Vector256.MultiplyAddEstimate(i, y, x);
            j = Vector256.MultiplyAddEstimate(j, y, x);
        }

        return a + b + c + d + e + f + g + h + i + j;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Vector128<float> Narrow(int rounds)
    {
        Vector128<float> x = Vector128.Create(1.0001f), y = Vector128.Create(1e-9f);
        Vector128<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x;
        for (; rounds > 0; rounds--)
        {
            a = Vector128.MultiplyAddEstimate(a, y, x);
            b = Vector128.MultiplyAddEstimate(b, y, x);
            c = Vector128.MultiplyAddEstimate(c, y, x);
            d = Vector128.MultiplyAddEstimate(d, y, x);
            e = Vector128.MultiplyAddEstimate(e, y, x);
            f = Vector128.MultiplyAddEstimate(f, y, x);
            g = Vector128.MultiplyAddEstimate(g, y, x);
            h = Vector128.MultiplyAddEstimate(h, y, x);
            i = Vector128.MultiplyAddEstimate(i, y, x);
            j = Vector128.MultiplyAddEstimate(j, y, x);
        }

        return a + b + c + d + e + f + g + h + i + j;
    }
}
