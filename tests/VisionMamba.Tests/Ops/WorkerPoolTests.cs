using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Tests.Ops;

/// <summary>What kernels rely on: every piece runs once, before the call returns, and a failure reaches the caller.
/// </summary>
public sealed class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void EveryPieceRunsOnce(int threads)
    {
        using var pool = new WorkerPool(threads);
        // Short kernels of changing sizes, so that threads still look for pieces of the last one.
        for (int kernel = 0; kernel < 4000; kernel++)
        {
            int[] runs = new int[kernel % 23];
            if (kernel % 2 == 0)
                pool.Run(runs.Length, new Counting(runs));
            else
                pool.Run(runs.Length, new CountingTwice(runs));
            Assert.All(runs, r => Assert.Equal(kernel % 2 == 0 ? 1 : 2, r));
        }
    }

    [Fact]
    public void APieceThatFailsIsReportedAfterTheOthersAndThePoolGoesOn()
    {
        using var pool = new WorkerPool(3);
        for (int round = 0; round < 50; round++)
        {
            int[] runs = new int[20];
            var failure = Assert.Throws<InvalidOperationException>(() => pool.Run(20, new Failing(runs, At: 7)));
            Assert.Equal("piece 7", failure.Message);
            Assert.Equal(19, runs.Sum());
            Assert.Equal(0, runs[7]);
            pool.Run(20, new Counting(runs));
            Assert.Equal(39, runs.Sum());
        }
    }

    /// <summary>Two sessions on one backend would write into each other's results.</summary>
    [Fact]
    public void AKernelOfAnotherThreadIsRefusedWhileOneIsInWork()
    {
        using var pool = new WorkerPool(2);
        using var begun = new ManualResetEventSlim();
        using var refused = new ManualResetEventSlim();
        var first = new Thread(() => pool.Run(2, new Waiting(begun, refused)));
        first.Start();
        begun.Wait(TestContext.Current.CancellationToken);
        var failure = Assert.Throws<InvalidOperationException>(() => pool.Run(4, new Counting(new int[4])));
        Assert.Contains("one thread at a time", failure.Message);
        refused.Set();
        first.Join();
        int[] runs = new int[4];
        pool.Run(4, new Counting(runs));
        Assert.Equal([1, 1, 1, 1], runs);
    }

    private readonly record struct Waiting(ManualResetEventSlim Begun, ManualResetEventSlim Until) : IPieces
    {
        public void Run(int piece)
        {
            Begun.Set();
            Until.Wait();
        }
    }

    private readonly record struct Counting(int[] Runs) : IPieces
    {
        public void Run(int piece) => Interlocked.Increment(ref Runs[piece]);
    }

    private readonly record struct CountingTwice(int[] Runs) : IPieces
    {
        public void Run(int piece) => Interlocked.Add(ref Runs[piece], 2);
    }

    private readonly record struct Failing(int[] Runs, int At) : IPieces
    {
        public void Run(int piece)
        {
            if (piece == At)
                throw new ArithmeticException($"piece {piece}");
            Interlocked.Increment(ref Runs[piece]);
        }
    }
}
