using System.Text.Json.Nodes;
using VisionMamba.Cli.Flags;
using VisionMamba.Training;

namespace VisionMamba.Tests.Cli;

/// <summary>Every flag of a run changes the option that it names, and no other.</summary>
public sealed class TrainingFlagTests
{
    private const string Teacher = "--teacher a --distillation soft ";

    /// <summary>What must be given beside the flag; the flag with another value than its default; the option.</summary>
    private static readonly (string Beside, string Given, string Option)[] s_flags =
    [
        ("--warmup-epochs 5", "--epochs 50", "Epochs"), ("", "--max-steps 9", "MaxSteps"), ("", "--batch 17", "Batch"),
        ("", "--lr 0.25", "LearningRate"), ("", "--warmup-epochs 3", "WarmupEpochs"),
        ("", "--weight-decay 0.25", "WeightDecay"), ("", "--label-smoothing 0.25", "LabelSmoothing"),
        ("", "--drop-path 0.35", "DropPath"), ("", "--clip-grad 2.5", "ClipGradient"),
        ("", "--crop-scale 0.45", "CropScale"), ("", "--crop-fraction 0.55", "CropFraction"), ("", "--seed 77", "Seed"),
        ("", "--workers 7", "Workers"), ("", "--save-every 11", "SaveEvery"),
        ("", "--tensorboard false", "TensorBoard"),
        ("", "--opt lion", "Opt"), ("", "--opt-eps 0.001", "OptEps"), ("", "--opt-betas 0.5 0.75", "OptBetas"),
        ("--opt sgd", "--momentum 0.35", "Momentum"), ("", "--layer-decay 0.65", "LayerDecay"),
        ("", "--head-lr-scale 3", "HeadLrScale"), ("", "--prompt-lr-scale 4", "PromptLrScale"),
        ("--clip-grad 1", "--clip-mode value", "ClipMode"),
        ("", "--sched tanh", "Sched"), ("", "--warmup-lr 2e-4", "WarmupRate"), ("", "--min-lr 3e-4", "MinimumRate"),
        ("", "--cooldown-epochs 6", "CooldownEpochs"), ("--sched plateau", "--patience-epochs 8", "PatienceEpochs"),
        ("--sched step", "--decay-rate 0.45", "DecayRate"), ("--sched step", "--decay-epochs 13", "DecayEpochs"),
        ("--sched multistep", "--decay-milestones 4 9", "DecayMilestones"),
        ("--lr-cycle-limit 2", "--lr-cycle-mul 2", "LrCycleMul"), ("", "--lr-cycle-limit 3", "LrCycleLimit"),
        ("", "--lr-k-decay 0.75", "LrKDecay"), ("", "--lr-noise 0.25 0.5", "LrNoise"),
        ("--lr-noise 0.2", "--lr-noise-pct 0.35", "LrNoisePct"), ("--lr-noise 0.2", "--lr-noise-std 2", "LrNoiseStd"),
        ("", "--bce-loss", "BceLoss"), ("--distillation soft", "--teacher b", "Teacher"),
        ("--teacher a", "--distillation hard", "Distillation"),
        (Teacher, "--distillation-alpha 0.25", "DistillationAlpha"),
        (Teacher, "--distillation-tau 3", "DistillationTau"), ("", "--model-ema", "ModelEma"),
        ("--model-ema", "--model-ema-decay 0.75", "ModelEmaDecay"), ("", "--micro-batch 5", "MicroBatch"),
        ("", "--repeated-aug 3", "RepeatedAug"), ("", "--early-stop 4", "EarlyStop"),
        ("", "--aa rand-m5", "Augment.AutoAugment"), ("", "--color-jitter 0.15", "Augment.ColorJitter"),
        ("", "--hue-jitter 0.25", "Augment.HueJitter"), ("", "--train-interpolation bilinear", "Augment.Interpolation"),
        ("", "--hflip 0.15", "Augment.HorizontalFlip"), ("", "--vflip 0.25", "Augment.VerticalFlip"),
        ("", "--src", "Augment.SimpleCrop"), ("", "--small-crop", "Augment.SmallCrop"),
        ("", "--three-augment", "Augment.ThreeAugment"), ("", "--reprob 0.35", "Augment.EraseProbability"),
        ("--reprob 0.5", "--remode rand", "Augment.EraseMode"), ("--reprob 0.5", "--recount 3", "Augment.EraseCount"),
        ("", "--mixup 0.4", "Augment.Mixup"), ("", "--cutmix 0.6", "Augment.Cutmix"),
        ("--cutmix 1", "--cutmix-minmax 0.25 0.75", "Augment.CutmixRange"),
        ("--mixup 0.8", "--mixup-prob 0.45", "Augment.MixProbability"),
        ("--mixup 0.8 --cutmix 1", "--mixup-switch-prob 0.55", "Augment.MixSwitchProbability"),
        ("--mixup 0.8", "--mixup-mode elem", "Augment.MixMode"),
    ];

    public static IEnumerable<TheoryDataRow<string, string, string>> Flags =>
        s_flags.Select(f => new TheoryDataRow<string, string, string>(f.Beside, f.Given, f.Option));

    [Fact]
    public void EveryFlagIsHere() => Assert.Equal(
        new TrainingFlags().All.Select(o => o.Name).Order(), s_flags.Select(f => f.Given.Split(' ')[0]).Order());

    [Theory]
    [MemberData(nameof(Flags))]
    public void AFlagChangesItsOptionAlone(string beside, string given, string option)
    {
        // A teacher and the way to learn from it come together.
        bool pair = option is "Teacher" or "Distillation";
        Dictionary<string, string> before = Options(
            pair ? beside + " " + (option == "Teacher" ? "--teacher a" : "--distillation soft") : beside);
        Dictionary<string, string> after = Options($"{beside} {given}");
        string[] changed = [.. before.Keys.Union(after.Keys).Where(
            key => before.GetValueOrDefault(key) != after.GetValueOrDefault(key))];
        Assert.NotEmpty(changed);
        Assert.All(changed, key => Assert.Equal(option, key));
        foreach (string value in given.Split(' ').Skip(1))
            Assert.Contains(Plain(value), after[option], StringComparison.OrdinalIgnoreCase);
    }

    private static string Plain(string value) => double.TryParse(
        value, System.Globalization.CultureInfo.InvariantCulture, out double number)
        ? JsonValue.Create(number).ToJsonString() : value;

    /// <summary>The options by their names, those of the augmentation by "Augment." and theirs.</summary>
    private static Dictionary<string, string> Options(string words)
    {
        var flags = new TrainingFlags();
        JsonObject options = OptionsJson.Write(flags.Read(FlagParsing.Parse(flags.All, words)));
        IEnumerable<KeyValuePair<string, JsonNode?>> augment = options["Augment"]!.AsObject().Select(
            o => KeyValuePair.Create("Augment." + o.Key, o.Value));
        // The scaled rate is the product of two others.
        return options.Where(o => o.Key is not ("Augment" or nameof(TrainingOptions.ScaledRate))).Concat(augment)
            .ToDictionary(o => o.Key, o => o.Value?.ToJsonString() ?? "null");
    }
}
