using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

/// <summary>What the tape keeps as bfloat16 and what it does not, and that all of it is given back.</summary>
public sealed class PackTests : IDisposable
{
    private const int Rows = 40, Wide = 32;

    private readonly CpuBackend _backend = new(1) { PacksActivations = true };
    private readonly BufferPool _pool = new();

    public static IEnumerable<TheoryDataRow<int>> Counts => PackCase.Counts.Select(c => new TheoryDataRow<int>(c));

    public void Dispose()
    {
        _backend.Dispose();
        _pool.Dispose();
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void RoundsToNearestEven(int count)
    {
        PackCase.Check(_backend, count);
        using var three = new CpuBackend(3);
        PackCase.Check(three, count);
    }

    /// <summary>The forward pass reads the whole numbers, the backward pass the rounded ones.</summary>
    [Fact]
    public void AKeptInputTakesHalfUntilTheBackwardPass()
    {
        Tensor x = Numbers("x", Rows, Wide), first = Weight("first"), second = Weight("second");
        var tape = new Tape(_backend, _pool, recording: true);
        Tensor h, y;
        float[] hidden;
        using (tape.Enter("outer"))
        {
            h = tape.Linear(x, first, null);
            hidden = h.Span.ToArray();
            using (tape.Enter("inner"))
                y = tape.Linear(h, second, null);
            // What an outer scope made may still be read there.
            Assert.Equal(hidden, h.Span.ToArray());
            Assert.Equal(Rows * Wide, _pool.InUse);
        }

        Assert.Equal(Rows * Wide / 2, _pool.InUse);
        Assert.Throws<InvalidOperationException>(() => h.Span[0]);
        tape.Backward(y);
        Assert.Equal(0, _pool.InUse);
        Assert.Equal(WeightGradient([.. hidden.Select(Bfloat16Oracle.Round)]), second.Gradient!.Span.ToArray());
        Assert.NotEqual(WeightGradient(hidden), second.Gradient!.Span.ToArray());
    }

    [Fact]
    public void WhatIsExactOrSmallStaysAsItIs()
    {
        Tensor few = Numbers("few", 1, Wide), weight = Weight("weight");
        var tape = new Tape(_backend, _pool, recording: true);
        using (tape.Enter("scope"))
        {
            Tensor statistics = tape.Output(false, Rows, Wide), y = tape.Output(true, 1);
            tape.Record(
                "made", y, statistics, static (_, kept) => Assert.Equal(1.001f, kept.Span[7]),
                [Tape.Exact(statistics)]);
            statistics.Fill(1.001f);
            tape.Target(y);
            _ = tape.Linear(tape.Linear(few, weight, null), weight, null);
        }

        // The statistics, the loss' gradient, and the small layer's input.
        Assert.Equal((Rows * Wide) + 1 + Wide, _pool.InUse);
        tape.Backward();
        Assert.Equal(0, _pool.InUse);
    }

    /// <summary>A failed step, and a branch that no loss reaches, never unpack.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhatNobodyUnpacksIsGivenBack(bool failed)
    {
        Tensor x = Numbers("x", Rows, Wide), weight = Weight("weight");
        var tape = new Tape(_backend, _pool, recording: true);
        using (tape.Enter("scope"))
            _ = tape.Linear(tape.Linear(x, weight, null), weight, null);
        Assert.Equal(Rows * Wide / 2, _pool.InUse);
        if (failed)
            tape.Abandon();
        else
            tape.Backward();
        Assert.Equal(0, _pool.InUse);
    }

    /// <summary>dW = 1^T hidden.</summary>
    private float[] WeightGradient(float[] hidden)
    {
        Tensor dY = new(Rows, Wide), dWeight = new(Wide, Wide);
        dY.Fill(1);
        _backend.LinearBackward(Tensor.From(hidden, Rows, Wide), Weight("second"), dY, null, dWeight, null);
        return dWeight.Span.ToArray();
    }

    private static Tensor Weight(string name)
    {
        Tensor weight = Numbers(name, Wide, Wide);
        weight.NeedsGradient = true;
        return weight;
    }

    private static Tensor Numbers(string name, params int[] shape) =>
        Tensor.From(Values.Normal(name, 0.5, 0, shape).Floats, shape);
}
