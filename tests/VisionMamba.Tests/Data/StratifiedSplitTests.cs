using CsCheck;
using VisionMamba.Data.Datasets;

namespace VisionMamba.Tests.Data;

public class StratifiedSplitTests
{
    private static readonly Gen<(int[] Labels, double Fraction, ulong Seed)> Cases = Gen.Select(
        Gen.Int[0, 6].Array[0, 120], Gen.Double[0.01, 0.99], Gen.ULong);

    [Fact]
    public void EveryClassKeepsATrainingImageAndGivesOneWhenItCan() => Cases.Sample(c =>
    {
        Sample[] samples = [.. c.Labels.Select((label, i) => new Sample($"{i}", label))];
        var (train, validation) = StratifiedSplit.Split(samples, 7, c.Fraction, c.Seed);
        Assert.Equal(samples, train.Concat(validation).OrderBy(s => int.Parse(s.Path)));
        Assert.Equal(train.OrderBy(s => int.Parse(s.Path)), train);
        for (int label = 0; label < 7; label++)
        {
            int all = samples.Count(s => s.Label == label), held = validation.Count(s => s.Label == label);
            Assert.InRange(all - held, Math.Min(all, 1), all);
            Assert.InRange(held, all >= 2 ? 1 : 0, all);
            Assert.True(all < 2 || Math.Abs(held - c.Fraction * all) <= 1);
        }
    }, iter: 300);

    [Fact]
    public void TheSplitIsAFunctionOfTheSeed() => Cases.Sample(c =>
    {
        Sample[] samples = [.. c.Labels.Select((label, i) => new Sample($"{i}", label))];
        return StratifiedSplit.Split(samples, 7, c.Fraction, c.Seed).Train
            .SequenceEqual(StratifiedSplit.Split(samples, 7, c.Fraction, c.Seed).Train);
    }, iter: 50);

    [Fact]
    public void TheLimitHoldsInEveryClass() => Gen.Select(Cases, Gen.Int[1, 9]).Sample((c, limit) =>
    {
        Sample[] samples = [.. c.Labels.Select((label, i) => new Sample($"{i}", label))];
        List<Sample> kept = StratifiedSplit.Limit(samples, 7, limit, c.Seed);
        for (int label = 0; label < 7; label++)
            Assert.Equal(Math.Min(limit, samples.Count(s => s.Label == label)), kept.Count(s => s.Label == label));
        Assert.Equal(kept.Count, kept.Distinct().Count());
    }, iter: 100);
}
