using VisionMamba.Data.Augment;
using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Tests.Data;

/// <summary>Policy strings and the distributions behind them.</summary>
public class AugmentPolicyTests
{
    private static readonly Preprocessing s_small = Preprocessing.ImageNet(16);

    [Fact]
    public void ReadsThePublishedPolicy()
    {
        var rand = Assert.IsType<RandAugment>(AugmentPolicy.Parse("rand-m9-mstd0.5-inc1", s_small, null));
        Assert.Equal(2, rand.Layers);
        Assert.Null(rand.Weights);
        Assert.Equal(RandAugment.Increasing, rand.Steps.Select(step => step.Operation.Name));
        Assert.All(rand.Steps, step => Assert.Equal(
            (0.5, 9.0, 0.5), (step.Probability, step.Level, step.LevelDeviation)));
    }

    [Fact]
    public void ReadsTheOtherSettingsInAnyOrder()
    {
        var rand = Assert.IsType<RandAugment>(AugmentPolicy.Parse("rand-w0-n3-m5", s_small, null));
        Assert.Equal(3, rand.Layers);
        Assert.Equal(RandAugment.Weights0, rand.Weights);
        Assert.Equal(RandAugment.Plain, rand.Steps.Select(step => step.Operation.Name));
        Assert.All(rand.Steps, step => Assert.Equal((5.0, 0.0), (step.Level, step.LevelDeviation)));
        Assert.Equal(10, Assert.IsType<RandAugment>(AugmentPolicy.Parse("rand", s_small, null)).Steps[0].Level);
        var named = Assert.IsType<AutoAugment>(AugmentPolicy.Parse("originalr-mstd0.25", s_small, null));
        Assert.All(named.Policy.SelectMany(pair => pair), step => Assert.Equal(0.25, step.LevelDeviation));
        Assert.IsType<AugMix>(AugmentPolicy.Parse("augmix-m5-w4-d2-a0.5-b1", s_small, null));
    }

    [Theory]
    [InlineData("v0", "Posterize")]
    [InlineData("v0r", "PosterizeIncreasing")]
    [InlineData("original", "PosterizeOriginal")]
    [InlineData("originalr", "PosterizeIncreasing")]
    public void PoliciesHave25PairsAndTheirOwnPosterize(string name, string posterize)
    {
        var steps = Assert.IsType<AutoAugment>(AugmentPolicy.Parse(name, s_small, null)).Policy;
        Assert.Equal(25, steps.Count);
        Assert.All(steps, pair => Assert.Equal(2, pair.Count));
        Assert.Equal([posterize], steps.SelectMany(pair => pair).Select(step => step.Operation.Name)
            .Where(operation => operation.StartsWith("Post", StringComparison.Ordinal)).Distinct());
    }

    [Theory]
    [InlineData("random-m9", "random")]
    [InlineData("rand-m9-foo", "foo")]
    [InlineData("rand-q3", "q3")]
    [InlineData("rand-m9.5", "m9.5")]
    [InlineData("rand-m-3", "'m'")]
    [InlineData("rand-mstd1.2.3", "mstd1.2.3")]
    [InlineData("rand-m9-m8", "m")]
    [InlineData("rand-inc0", "inc0")]
    [InlineData("rand-w1", "w1")]
    [InlineData("rand-w0-n14", "n14")]
    [InlineData("v0-m5", "m5")]
    [InlineData("augmix-mstd0.5", "mstd0.5")]
    [InlineData("augmix-w0", "w0")]
    [InlineData("augmix-a0", "a0")]
    [InlineData("", "''")]
    public void ABadStringIsOneClearLine(string text, string part)
    {
        var e = Assert.Throws<VisionMambaException>(() => AugmentPolicy.Parse(text, s_small, null));
        Assert.StartsWith($"--aa {text}", e.Message, StringComparison.Ordinal);
        Assert.Contains(part, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void OperationsAreDrawnEvenly()
    {
        var rand = (RandAugment)AugmentPolicy.Parse("rand-n1", s_small, null);
        int[] counts = new int[15];
        for (ulong i = 0; i < 6000; i++)
            counts[rand.Choose(new RandomDraws(new Rng(1, i)))[0]]++;
        Assert.All(counts, count => Assert.InRange(count, 310, 490));
    }

    [Fact]
    public void WeightedOperationsAreDrawnWithoutReplacement()
    {
        var rand = (RandAugment)AugmentPolicy.Parse("rand-n3-w0", s_small, null);
        int[] first = new int[15];
        for (ulong i = 0; i < 6000; i++)
        {
            int[] chosen = rand.Choose(new RandomDraws(new Rng(2, i)));
            Assert.Equal(3, chosen.Distinct().Count());
            Assert.DoesNotContain(chosen, c => RandAugment.Weights0[c] == 0);
            first[chosen[0]]++;
        }

        for (int c = 0; c < 15; c++)
            Assert.Equal(6000 * RandAugment.Weights0[c], first[c], 120.0);
    }

    [Fact]
    public void LevelsAreNoisyAndCutAndSignsFair()
    {
        var levels = new List<double>();
        var signs = new List<double>();
        AugmentOperation spy = AugmentOperation.Named("Rotate") with
        {
            Argument = (level, sign, _) =>
            {
                levels.Add(level);
                signs.Add(sign);
                return 0;
            },
        };
        var settings = new PolicySettings(default, null, 100);
        var image = new RgbImage(2, 2);
        var draws = new RandomDraws(new Rng(3, 3));
        var step = new PolicyStep(spy, 0.5, 9, 0.5);
        for (int i = 0; i < 8000; i++)
            step.Apply(image, draws, settings);
        Assert.InRange(levels.Count, 3850, 4150);
        Assert.InRange(signs.Average(), -0.06, 0.06);
        // A normal number beyond 2 deviations is cut at 10: 2.3 % of them.
        Assert.InRange(levels.Count(l => l == 10) / (double)levels.Count, 0.013, 0.034);
        Assert.InRange(levels.Count(l => l < 9) / (double)levels.Count, 0.47, 0.53);
        levels.Clear();
        for (int i = 0; i < 4000; i++)
            (step with { Probability = 1, LevelDeviation = double.PositiveInfinity }).Apply(image, draws, settings);
        Assert.InRange(levels.Average(), 4.3, 4.7);
        Assert.InRange(levels.Max(), 8.9, 9);
    }

    [Theory]
    [InlineData("rand-m9-n4")]
    [InlineData("original")]
    [InlineData("augmix-m8")]
    [InlineData("augmix-m8-b1")]
    public void EqualGeneratorsGiveEqualPictures(string policy)
    {
        RgbImage source = TestPictures.Noise(16, 16, 4);
        IImageAugmentation augmentation = AugmentPolicy.Parse(policy, s_small, null);
        var seen = new HashSet<string>();
        for (ulong i = 0; i < 40; i++)
        {
            byte[] once = augmentation.Apply(TestPictures.Copy(source), new Rng(1, i)).Pixels;
            Assert.Equal(once, augmentation.Apply(TestPictures.Copy(source), new Rng(1, i)).Pixels);
            seen.Add(Convert.ToHexString(once));
        }

        Assert.InRange(seen.Count, 15, 40);
    }
}
