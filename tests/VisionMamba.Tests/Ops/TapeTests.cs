using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Tests.Ops;

/// <summary>What the tape promises about memory, gradients and failures.</summary>
public sealed class TapeTests : IDisposable
{
    private readonly CpuBackend _backend = new(1);
    private readonly BufferPool _pool = new();

    public void Dispose()
    {
        _backend.Dispose();
        _pool.Dispose();
    }

    [Fact]
    public void WithoutRecordingEverythingIsFreedWithItsScope()
    {
        Tensor w = Parameter("w", 5, 5), x = Parameter("x", 2, 5);
        var tape = new Tape(_backend, _pool, recording: false);
        using (tape.Enter("outer"))
        {
            Tensor kept;
            using (tape.Enter("inner"))
            {
                Tensor h = tape.Linear(x, w, null);
                kept = tape.Keep(tape.Linear(h, w, null));
                Assert.False(kept.NeedsGradient);
                Assert.Equal(20, _pool.InUse);
            }

            Assert.Equal(10, _pool.InUse);
            using (tape.Enter("last"))
                tape.Drop(kept);
            Assert.Equal(0, _pool.InUse);
            Assert.Throws<InvalidOperationException>(() => kept.Span[0]);
        }

        Assert.Throws<InvalidOperationException>(() => tape.Backward(x));
        Assert.Null(w.Gradient);
    }

    [Fact]
    public void AnotherPassTakesTheObjectsOfTheLastAndNoneOfItsState()
    {
        Tensor w = Parameter("w", 5, 5), x = Parameter("x", 1, 2, 5), wide = Parameter("wide", 7, 5);
        var tape = new Tape(_backend, _pool, recording: true);
        float[] expected = [], gradient = [];
        Tensor? made = null;
        // Every other pass is of another shape and other operations, in between.
        for (int pass = 0; pass < 5; pass++)
        {
            (w.Gradient, x.Gradient, wide.Gradient) = (null, null, null);
            tape.Restart();
            using (tape.Enter("pass"))
            {
                Tensor h = pass % 2 == 0 ? tape.Linear(x, w, null) : tape.Tanh(tape.Linear(x, wide, null));
                Tensor y = pass % 2 == 0 ? tape.Linear(h, w, null, recompute: true) : tape.PickToken(h, 1);
                Assert.Equal(pass % 2 == 0 ? [1, 2, 5] : [1, 1, 7], y.Shape.ToArray());
                Assert.Null(y.Gradient);
                made ??= h;
                Assert.True(pass % 2 != 0 || ReferenceEquals(made, h));
                if (pass == 0)
                    expected = y.Span.ToArray();
                else if (pass % 2 == 0)
                    Assert.Equal(expected, y.Span.ToArray());
                tape.Backward(y);
            }

            Assert.Equal(0, _pool.InUse);
            if (pass == 0)
                gradient = w.Gradient!.Span.ToArray();
            else if (pass % 2 == 0)
                Assert.Equal(gradient, w.Gradient!.Span.ToArray());
            else
                Assert.NotNull(wide.Gradient);
        }
    }

    [Fact]
    public void RestartingFreesAPassThatWasCutOff()
    {
        Tensor w = Parameter("w", 5, 5), x = Parameter("x", 2, 5);
        var tape = new Tape(_backend, _pool, recording: true);
        tape.Enter("cut off");
        _ = tape.Linear(tape.Linear(x, w, null), w, null);
        Assert.NotEqual(0, _pool.InUse);
        tape.Restart();
        Assert.Equal(0, _pool.InUse);
    }

    [Fact]
    public void AFrozenLayerStoresNothing()
    {
        Tensor trained = Parameter("trained", 5, 5), frozen = Parameter("frozen", 5, 5), x = Parameter("x", 2, 5);
        (trained.NeedsGradient, frozen.NeedsGradient, x.NeedsGradient) = (true, false, false);
        var tape = new Tape(_backend, _pool, recording: true);
        using (tape.Enter("scope"))
        {
            Tensor h = tape.Linear(tape.Linear(x, frozen, null), trained, null);
            _ = tape.Linear(tape.Linear(h, frozen, null), frozen, null);
        }

        // Of four results only the trained layer's input is still there.
        Assert.Equal(10, _pool.InUse);
        tape.Abandon();
        Assert.Equal(0, _pool.InUse);
    }

    [Fact]
    public void AValueUsedTwiceGetsBothGradients()
    {
        Tensor x = Tensor.From([2], 1, 1), three = Tensor.From([3], 1, 1), five = Tensor.From([5], 1, 1);
        x.NeedsGradient = true;
        var tape = new Tape(_backend, _pool, recording: true);
        using (tape.Enter("scope"))
        {
            // h = 3x is read by the next layer and by the sum: 5 h + h.
            Tensor h = tape.Linear(x, three, null);
            Tensor a = tape.Linear(h, five, null), joined = Pair(tape, a, h);
            tape.Backward(tape.Linear(joined, Tensor.From([1, 1], 1, 2), null));
        }

        Assert.Equal([18f], x.Gradient!.Span.ToArray());
        Assert.Equal(0, _pool.InUse);
    }

    [Fact]
    public void ABranchThatDoesNotReachTheLossHasNoGradient()
    {
        Tensor used = Parameter("used", 3, 3), unused = Parameter("unused", 3, 3), x = Parameter("x", 1, 3);
        var tape = new Tape(_backend, _pool, recording: true);
        using (tape.Enter("scope"))
        {
            _ = tape.Linear(x, unused, null);
            tape.Backward(tape.Linear(x, used, null));
        }

        Assert.NotNull(used.Gradient);
        Assert.Null(unused.Gradient);
        Assert.Equal(0, _pool.InUse);
    }

    [Fact]
    public void ComputingAgainGivesTheSameGradientsWithLessMemory()
    {
        (float[][] stored, long storedPeak) = TwoLayers(recompute: false);
        (float[][] again, long againPeak) = TwoLayers(recompute: true);
        for (int i = 0; i < stored.Length; i++)
            Assert.Equal(stored[i], again[i]);
        Assert.True(againPeak < storedPeak, $"{againPeak} is not below {storedPeak}");
    }

    [Fact]
    public void AComputedAgainValueMayReadAnother()
    {
        Tensor x = Parameter("x", 1, 9, 10), taps = Parameter("taps", 5, 1, 4), bias = Parameter("bias", 5);
        Tensor w = Parameter("w", 7, 5), last = Parameter("last", 1, 7);
        Tensor[] parameters = [x, taps, bias, w, last];
        float[][] Gradients(bool recompute)
        {
            var tape = new Tape(_backend, _pool, recording: true);
            Tensor loss;
            using (tape.Enter("scope"))
            {
                Tensor h = tape.CausalConvSilu(x, taps, bias, reversed: false);
                loss = tape.Linear(tape.Linear(h, w, null, recompute), last, null);
            }

            tape.Backward(loss);
            Assert.Equal(0, _pool.InUse);
            float[][] gradients = [.. parameters.Select(p => p.Gradient!.Span.ToArray())];
            foreach (Tensor parameter in parameters)
                parameter.Gradient = null;
            return gradients;
        }

        float[][] stored = Gradients(recompute: false), again = Gradients(recompute: true);
        for (int i = 0; i < parameters.Length; i++)
            Assert.Equal(stored[i], again[i]);
    }

    [Fact]
    public void ANonFiniteResultNamesItsScope()
    {
        Tensor w = Parameter("w", 3, 3), x = Parameter("x", 1, 3);
        w.Span[4] = float.NaN;
        var tape = new Tape(_backend, _pool, recording: true) { CheckFinite = true };
        using (tape.Enter("step"))
        {
            using (tape.Enter("layers.1"))
            {
                var failure = Assert.Throws<NonFiniteException>(() => tape.Linear(x, w, null));
                Assert.Equal("step.layers.1: linear", failure.Message);
            }
        }

        Assert.Equal(0, _pool.InUse);
    }

    [Fact]
    public void ANonFiniteGradientNamesItsScope()
    {
        Tensor w = Parameter("w", 3, 3), x = Parameter("x", 1, 3);
        var tape = new Tape(_backend, _pool, recording: true) { CheckFinite = true };
        Tensor loss;
        using (tape.Enter("step"))
        {
            Tensor h;
            using (tape.Enter("layers.1"))
                h = tape.Keep(tape.Linear(x, w, null));
            loss = tape.Output(true, 1);
            loss.Span[0] = 0;
            tape.Record("loss", loss, h, static (tape, h) => tape.Target(h)!.Span[1] = float.PositiveInfinity, []);
        }

        var failure = Assert.Throws<NonFiniteException>(() => tape.Backward(loss));
        Assert.Equal("step.layers.1: linear (its gradient)", failure.Message);
        // A failed step leaves nothing behind, and the tape serves the next one.
        tape.Abandon();
        Assert.Equal(0, _pool.InUse);
        using (tape.Enter("step"))
            loss = tape.Linear(x, w, null);
        tape.Backward(loss);
        Assert.Equal(0, _pool.InUse);
    }

    private static Tensor Pair(Tape tape, Tensor a, Tensor b)
    {
        Tensor y = tape.Output(true, 1, 2);
        (y.Span[0], y.Span[1]) = (a.Span[0], b.Span[0]);
        return tape.Record(
            "pair", y, (a, b, y),
            static (tape, s) =>
            {
                tape.Target(s.a)!.Span[0] += s.y.Gradient!.Span[0];
                tape.Target(s.b)!.Span[0] += s.y.Gradient!.Span[1];
            },
            []);
    }

    private (float[][] Gradients, long Peak) TwoLayers(bool recompute)
    {
        using var pool = new BufferPool();
        Tensor narrow = Parameter("narrow", 5, 3), wide = Parameter("wide", 400, 5), back = Parameter("back", 3, 400);
        Tensor x = Parameter("x", 7, 3), ones = Tensor.From([1, -1, 2], 1, 3);
        var tape = new Tape(_backend, pool, recording: true);
        using (tape.Enter("scope"))
        {
            Tensor h = x;
            for (int layer = 0; layer < 3; layer++)
            {
                using (tape.Enter($"layers.{layer}"))
                {
                    h = tape.Linear(tape.Linear(h, narrow, null), wide, null, recompute);
                    h = tape.Keep(tape.Linear(h, back, null));
                }
            }

            tape.Backward(tape.Linear(h, ones, null));
        }

        Assert.Equal(0, pool.InUse);
        return ([.. ((Tensor[])[x, narrow, wide, back]).Select(p => p.Gradient!.Span.ToArray())], pool.Peak);
    }

    private static Tensor Parameter(string name, params int[] shape)
    {
        Tensor tensor = Tensor.From(Values.Normal(name, 0.5, 0, shape).Floats, shape);
        tensor.NeedsGradient = true;
        return tensor;
    }
}
