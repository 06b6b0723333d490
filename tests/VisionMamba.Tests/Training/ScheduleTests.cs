using System.Text.Json;
using VisionMamba.Tests.Support;
using VisionMamba.Training;
using VisionMamba.Training.Schedules;

namespace VisionMamba.Tests.Training;

/// <summary>
/// The schedules against rates recorded from timm 0.4.12's create_scheduler: before training and after each
/// step(epoch).
/// </summary>
public sealed class ScheduleTests
{
    private static readonly double[] s_accuracies = [.1, .2, .3, .3, .25, .29, .31, .31, .31, .31];

    private static readonly TrainingOptions s_options = new()
    {
        Epochs = 10,
        Batch = 512,
        LearningRate = 0.05,
        WarmupRate = 1e-4,
        WarmupEpochs = 2,
        CooldownEpochs = 2,
        DecayEpochs = 3,
        PatienceEpochs = 1,
        Seed = 42,
    };

    private static readonly TrainingOptions s_short = s_options with { Epochs = 4, LrCycleMul = 2, LrCycleLimit = 2 };

    private static readonly TrainingOptions s_stepwise = s_options with { CooldownEpochs = 0, Sched = "step" };

    public static IEnumerable<TheoryDataRow<string, double[]>> Cases => s_recorded.Select(c =>
        new TheoryDataRow<string, double[]>(c.Key, c.Value.Rates));

    private static readonly Dictionary<string, (TrainingOptions Options, double[] Rates)> s_recorded = new()
    {
        ["cosine, growing cycles"] = (s_short,
            [0.0001, 0.0001, 0.02505, 0.025005, 0.00733086600424, 0.005, 0.00480973689151, 0.00426791339958,
                0.0034570172392, 0.0025005, 0.0015439827608, 0.000733086600424, 0.000191263108488, 1e-05, 1e-05]),
        ["cosine, sinking cycles"] = (s_short with { LrCycleMul = 1, LrCycleLimit = 3, DecayRate = 0.5 },
            [0.0001, 0.0001, 0.02505, 0.025005, 0.00733086600424, 0.025, 0.0213395669979, 0.0125025, 0.00366543300212,
                0.0125, 0.0106697834989, 0.00625125, 0.00183271650106, 1e-05, 1e-05]),
        ["cosine, noise in a range"] = (s_options with { LrNoise = [0.3, 0.8] },
            [0.0001, 0.0001, 0.02505, 0.0452263797744, 0.0409342668835, 0.0284144371386, 0.0393998520094,
                0.0262424229471, 0.0109142049246, 0.0047836202256, 0.0012333423752, 1e-05, 1e-05]),
        ["cosine, small noise"] = (s_options with { LrNoise = [0.5], LrNoisePct = 0.2, Seed = 7 },
            [0.0001, 0.0001, 0.02505, 0.0452263797744, 0.0396966923811, 0.0327288797744, 0.0236392798662,
                0.0153515216083, 0.00924339479788, 0.00546477529599, 0.00115704989403, 1.03403318301e-05,
                8.72882962227e-06]),
        ["tanh"] = (s_options with { Sched = "tanh" },
            [0.0001, 0.0001, 0.0250416179235, 0.049983235847, 0.0498763935684, 0.049100869364, 0.0440410459281,
                0.025005, 0.00596895407189, 0.000909130636005, 0.0001336064316, 1e-05, 1e-05]),
        ["tanh, growing cycles"] = (s_short with { Sched = "tanh" },
            [0.0001, 0.0001, 0.0220705229641, 0.0440410459281, 0.00238081940015, 0.0499996928527, 0.0499962584371,
                0.0499544565508, 0.0494507627379, 0.0440410459281, 0.0188832580332, 0.00238081940015, 0.000213466184418,
                1e-05, 1e-05]),
        ["step"] = (s_stepwise,
            [0.0001, 0.0001, 0.02505, 0.05, 0.005, 0.005, 0.005, 0.0005, 0.0005, 0.0005, 5e-05]),
        ["step, noise"] = (s_stepwise with { LrNoise = [0.3] },
            [0.0001, 0.0001, 0.02505, 0.05, 0.00515587879345, 0.00434088140726, 0.00787839472294, 0.000759280145168,
                0.00052913213335, 0.00073124563694, 6.55375123024e-05]),
        ["plateau"] = (s_stepwise with { Sched = "plateau", DecayRate = 0.5 },
            [0.0001, 0.0001, 0.02505, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.0125, 0.0125]),
        ["plateau, noise"] = (s_stepwise with { Sched = "plateau", DecayRate = 0.5, LrNoise = [0.4, 0.9] },
            [0.0001, 0.0001, 0.02505, 0.05, 0.05, 0.0434088140726, 0.0393919736147, 0.0379640072584, 0.0264566066675,
                0.0182811409235, 0.0125]),
        // By hand: after step(t), half for each milestone up to t + 1.
        ["multistep"] = (s_stepwise with { Sched = "multistep", DecayRate = 0.5, DecayMilestones = [4, 7] },
            [0.0001, 0.0001, 0.02505, 0.05, 0.025, 0.025, 0.025, 0.0125, 0.0125, 0.0125, 0.0125]),
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void EqualsTimm(string name, double[] expected)
    {
        TrainingOptions options = s_recorded[name].Options;
        options.Validate();
        var rates = new LearningRates(options);
        Assert.Equal(expected.Length - 1, rates.Epochs);
        var state = new TrainingState();
        for (int epoch = 0; epoch < expected.Length; epoch++)
        {
            Assert.Equal(expected[epoch], rates.Of(state), 1e-10 * expected[epoch]);
            double accuracy = s_accuracies[Math.Min(epoch, s_accuracies.Length - 1)];
            state = state with { Plateau = rates.After(state, accuracy), Epoch = epoch + 1 };
        }
    }

    [Fact]
    public void EqualsTheReference()
    {
        string manifest = Path.Combine(ReferenceData.Root, "preprocess", "manifest.json");
        int compared = 0;
        foreach (JsonElement entry in JsonDocument.Parse(File.ReadAllText(manifest)).RootElement.EnumerateArray())
        {
            if (entry.GetProperty("kind").GetString() != "lr_schedule")
                continue;
            double Number(string key) => entry.GetProperty(key).GetDouble();
            var rates = new LearningRates(new TrainingOptions
            {
                Epochs = (int)Number("epochs"),
                Batch = 512,
                LearningRate = Number("lr"),
                WarmupRate = Number("warmup_lr"),
                MinimumRate = Number("min_lr"),
                WarmupEpochs = (int)Number("warmup_epochs"),
                CooldownEpochs = (int)Number("cooldown_epochs"),
            });
            Assert.Equal((int)Number("total_epochs"), rates.Epochs);
            JsonElement recorded = entry.GetProperty("lr_before_training_and_after_each_epoch");
            double[] expected = [.. recorded.EnumerateArray().Select(v => v.GetDouble())];
            for (int epoch = 0; epoch < expected.Length; epoch++)
                Assert.Equal(expected[epoch], rates.Of(new TrainingState { Epoch = epoch }), 1e-12 * expected[epoch]);
            compared++;
        }

        Assert.True(compared > 1, $"{compared} recorded schedules");
    }

    [Fact]
    public void KDecayOfOneIsTheCosine()
    {
        CosineSchedule Decayed(double k) => new(1, 0.01, 0, 0, new Cycles(10), k);
        var plain = new CosineSchedule(1, 0.01, 0, 0, 10);
        for (int t = 0; t <= 10; t++)
        {
            Assert.Equal(plain.At(t), Decayed(1).At(t));
            // Also by the formula with the exponent, which a k of exactly 1 does not reach.
            Assert.Equal(plain.At(t), Decayed(1 + 1e-12).At(t), 1e-10);
        }

        Assert.Equal(0.505, plain.At(5), 1e-12);
        Assert.Equal(0.01 + (0.99 * 0.5 * (1 + Math.Cos(Math.PI * 0.25))), Decayed(2).At(5), 1e-12);
    }

    [Theory]
    [InlineData("--lr-cycle-limit", 100, 2.0, 40, 5)]
    [InlineData("--lr-cycle-limit", 100, 100.0, 1000, 0)]
    [InlineData("--lr-cycle-limit", 1_000_000, 1.0, 1000, 0)]
    [InlineData("--epochs", 1_000_000, 1.0, 1, 1)]
    [InlineData("--cooldown-epochs", 1, 1.0, 1, int.MaxValue)]
    [InlineData(null, 999_000, 1.0, 1, 1000)]
    public void ALengthBeyondAMillionEpochsIsRefused(string? flag, int epochs, double factor, int cycles, int cooldown)
    {
        var options = new TrainingOptions
        {
            Epochs = epochs,
            LrCycleMul = factor,
            LrCycleLimit = cycles,
            CooldownEpochs = cooldown,
        };
        if (flag is not null)
            Assert.StartsWith(flag + ": must be lower", Assert.Throws<VisionMambaException>(options.Validate).Message);
        else
            options.Validate();
    }

    [Theory]
    [InlineData(42UL, new[] { 0.33669036626815796, 0.12880940735340118, 0.23446236550807953 })]
    [InlineData(45UL, new[] { -1.1223719120025635, 0.031175758689641953, -0.6804271340370178 })]
    public void NoiseIsPyTorchs(ulong seed, double[] expected)
    {
        var normal = new TorchNormal(seed);
        foreach (double value in expected)
            Assert.Equal(value, normal.Next(), 1e-15);
    }
}
