using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Oracles;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Ops;

/// <summary>
/// The update kernel: AdamW's rule against PyTorch's formula over several steps, tails, guard pages and threads.
/// </summary>
public sealed class UpdateRuleTests
{
    private const int Steps = 7;
    private const double Rate = 0.01, Decay = 0.1, Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8;

    public static IEnumerable<TheoryDataRow<int>> Counts => ((int[])[1, 5, 16, 17, 130, 16384 + 5])
        .Select(c => new TheoryDataRow<int>(c));

    [Theory]
    [MemberData(nameof(Counts))]
    public void FollowsPyTorch(int count)
    {
        Block weight = Values.Normal("adam weight", 1, 0, count);
        var oracle = new AdamWOracle([.. weight.Values], Rate, Decay, Beta1, Beta2, Epsilon);
        Tensor[] state = [.. Enumerable.Range(0, 3).Select(_ => new Tensor(count))];
        weight.Floats.CopyTo(state[0].Span);
        for (int step = 1; step <= Steps; step++)
            oracle.Step(Gradient(count, step));
        Train(state, count, threads: 2);
        Near(oracle.Weight, state[0], 3e-6);
        Near(oracle.Moment1, state[1], 1e-6);
        Near(oracle.Moment2, state[2], 1e-6);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void StaysInsideItsTensors(bool atEnd)
    {
        if (!GuardedMemory.Supported)
            Assert.Skip("no guard pages on this system");
        foreach (int count in (int[])[1, 15, 33])
        {
            using GuardedMemory w = new(count, atEnd), m = new(count, atEnd), v = new(count, atEnd);
            Tensor[] state = [new(w.Storage, count), new(m.Storage, count), new(v.Storage, count)];
            foreach (Tensor tensor in state)
                tensor.Span.Clear();
            Train(state, count, threads: 1);
            Assert.True(w.Intact && m.Intact && v.Intact);
            Assert.All(state[0].Span.ToArray(), value => Assert.True(float.IsFinite(value) && value != 0));
        }
    }

    [Fact]
    public void ThreadsDoNotChangeABit()
    {
        const int Count = (3 * 16384) + 7;
        Tensor[] one = [.. Enumerable.Range(0, 3).Select(_ => new Tensor(Count))];
        Tensor[] three = [.. Enumerable.Range(0, 3).Select(_ => new Tensor(Count))];
        Train(one, Count, threads: 1);
        Train(three, Count, threads: 3);
        for (int i = 0; i < 3; i++)
            Assert.Equal(one[i].Span.ToArray(), three[i].Span.ToArray());
    }

    [Fact]
    public void ChangesTheGivenRangeOnly()
    {
        using var backend = new CpuBackend(2);
        Tensor weight = Tensor.From(new float[40], 40), gradient = Tensor.From([.. Enumerable.Repeat(1f, 40)], 40);
        backend.Update(new DescentRule(2), weight, gradient, null, null, 7, 19);
        for (int i = 0; i < 40; i++)
            Assert.Equal(i is >= 7 and < 26 ? -2f : 0f, weight.Span[i]);
        Assert.Throws<ArgumentOutOfRangeException>(
            () => backend.Update(new DescentRule(2), weight, gradient, null, null, 30, 11));
    }

    [Fact]
    public void ClipsByValueAndByUnit()
    {
        using var backend = new CpuBackend(2);
        Tensor x = Tensor.From([-3f, 0.5f, 3f], 3);
        backend.Clamp(x, 1);
        Assert.Equal([-1f, 0.5f, 1f], x.Span.ToArray());
        // timm 0.4.12's adaptive_clip_grad([p], 0.1) on the same numbers.
        Tensor weight = Tensor.From([0.5f, -1.25f, 2, 0.125f, -0.75f, 1.5f], 2, 3);
        Tensor gradient = Tensor.From([0.1f, -0.2f, 0.3f, 0.001f, -0.002f, 0.001f], 2, 3);
        backend.ClipByUnit(gradient, weight, 0.1, 1e-3);
        double[] expected = [0.06443435197381685, -0.1288687039476337, 0.1933030559214505, 0.001, -0.002, 0.001];
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], gradient.Span[i], 1e-7);
    }

    private static void Train(Tensor[] state, int count, int threads)
    {
        using var backend = new CpuBackend(threads);
        for (int step = 1; step <= Steps; step++)
        {
            Tensor gradient = Tensor.From(Gradient(count, step), count);
            backend.Update(
                new AdamRule(Rate, Decay, Beta1, Beta2, Epsilon, step), state[0], gradient, state[1], state[2]);
        }
    }

    private static float[] Gradient(int count, int step) =>
        Values.Normal($"adam gradient {step}", 0.3, 0.1, count).Floats;

    private static void Near(double[] expected, Tensor actual, double tolerance)
    {
        double scale = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual.Span[i], tolerance * scale);
    }
}
