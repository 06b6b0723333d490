using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Oracles;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Ops;

/// <summary>The operations on whole tensors, at sizes that end in every kind of piece.</summary>
public sealed class BackendTests
{
    public static IEnumerable<TheoryDataRow<int>> Counts => ((int[])[1, 5, 16, 17, 16384, 16385, 40001])
        .Select(c => new TheoryDataRow<int>(c));

    [Theory]
    [MemberData(nameof(Counts))]
    public void SumOfSquaresDoesNotDependOnThreads(int count)
    {
        Block values = Values.Normal("squares", 1, 0.5, count);
        Tensor x = Tensor.From(values.Floats, count);
        using CpuBackend one = new(1), three = new(3);
        Assert.Equal(values.Values.Sum(v => v * v), one.SumOfSquares(x), 1e-12 * count);
        Assert.Equal(one.SumOfSquares(x), three.SumOfSquares(x));
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void ClearAndScaleReachEveryNumberAndNoOther(int count)
    {
        if (!GuardedMemory.Supported)
            Assert.Skip("no guard pages on this system");
        using var backend = new CpuBackend(2);
        foreach (bool atEnd in (bool[])[true, false])
        {
            using var memory = new GuardedMemory(count, atEnd);
            var x = new Tensor(memory.Storage, count);
            x.Span.Fill(3);
            backend.Scale(x, 0.5f);
            Assert.All(x.Span.ToArray(), v => Assert.Equal(1.5f, v));
            Assert.Equal(2.25 * count, backend.SumOfSquares(x), 1e-9);
            Assert.True(backend.AllFinite(x));
            backend.Clear(x);
            Assert.All(x.Span.ToArray(), v => Assert.Equal(0, v));
            Assert.True(memory.Intact);
        }
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void AllFiniteFindsOneBadNumber(int count)
    {
        using var backend = new CpuBackend(2);
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            foreach (int at in (int[])[0, count / 2, count - 1])
            {
                var x = new Tensor(count);
                Assert.True(backend.AllFinite(x));
                x.Span[at] = bad;
                Assert.False(backend.AllFinite(x));
                GC.KeepAlive(x);
            }
        }
    }
}
