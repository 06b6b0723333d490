using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Ops;

namespace VisionMamba.Tests.Gpu;

/// <summary>Every update rule, emulated, against the processor: one parameter, and several in one launch.</summary>
public sealed class KernelUpdateTests(EmulatedDevice device) : IClassFixture<EmulatedDevice>
{
    private static readonly int[] s_counts = [1, 33, 1024, 2051];

    [Fact]
    public void AdamEqualsTheProcessor() =>
        Check(decay => new AdamRule(0.01, decay, 0.9, 0.999, 1e-8, 3), first: true, second: true);

    [Fact]
    public void SgdEqualsTheProcessor() =>
        Check(decay => new SgdRule(0.01, decay, 0.9, true), first: true, second: false);

    [Fact]
    public void LionEqualsTheProcessor() =>
        Check(decay => new LionRule(0.01, decay, 0.9, 0.99), first: true, second: false);

    [Fact]
    public void NAdamEqualsTheProcessor() =>
        Check(decay => new NAdamRule(0.01, decay, 0.9, 0.999, 1e-8, 3, 0.4), first: true, second: true);

    [Theory]
    [InlineData(2)]
    [InlineData(200)]
    public void RAdamEqualsTheProcessor(int step) =>
        Check(decay => new RAdamRule(0.01, decay, 0.9, 0.999, 1e-8, step), first: true, second: true);

    [Fact]
    public void AdaBeliefEqualsTheProcessor() =>
        Check(decay => new AdaBeliefRule(0.01, decay, 0.9, 0.999, 1e-8, 3), first: true, second: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void RmsPropEqualsTheProcessor(bool tensorFlow) =>
        Check(decay => new RmsPropRule(0.01, decay, 0.9, 0.8, 1e-3, tensorFlow), first: true, second: true);

    [Fact]
    public void LambEqualsTheProcessor() =>
        Check(decay => new LambRule(decay, 0.9, 0.999, 1e-6, 3, 0.7), first: true, second: true);

    [Fact]
    public void AverageEqualsTheProcessor() => Check(_ => new AverageRule(0.99), first: false, second: false);

    /// <summary>Parameters of different sizes and decays, and one of which only the middle is changed.</summary>
    private void Check<TRule>(Func<double, TRule> rule, bool first, bool second)
        where TRule : unmanaged, IUpdateRule
    {
        using var cpu = new CpuBackend(1);
        float[][] expected = Run(cpu, rule, first, second, gather: false);
        foreach (bool gather in (bool[])[false, true])
        {
            float[][] actual = Run(device.Backend, rule, first, second, gather);
            for (int t = 0; t < expected.Length; t++)
            {
                for (int i = 0; i < expected[t].Length; i++)
                    Assert.Equal(expected[t][i], actual[t][i], 2e-6 * (1 + Math.Abs(expected[t][i])));
            }
        }
    }

    private static float[][] Run<TRule>(Backend backend, Func<double, TRule> rule, bool first, bool second, bool gather)
        where TRule : unmanaged, IUpdateRule
    {
        List<Tensor> tensors = [];
        using (gather ? backend.GatherUpdates() : null)
        {
            for (int p = 0; p < s_counts.Length; p++)
            {
                Tensor[] t = [.. Enumerable.Range(0, 4).Select(k => Numbers(s_counts[p], $"update {p} {k}", k == 3))];
                tensors.AddRange(t);
                long start = p == 2 ? 7 : 0, count = p == 2 ? 900 : s_counts[p];
                backend.Update(rule(0.1 * p), t[0], t[1], first ? t[2] : null, second ? t[3] : null, start, count);
            }
        }

        return [.. tensors.Select(t => t.Span.ToArray())];
    }

    private static Tensor Numbers(int count, string name, bool positive)
    {
        float[] values = Values.Normal(name, 1, 0, count).Floats;
        return Tensor.From(positive ? Array.ConvertAll(values, Math.Abs) : values, count);
    }
}
