using VisionMamba.Training.Optimizers;
using VisionMamba.Training.Schedules;

namespace VisionMamba.Training;

// How weights are changed: optimizer, schedule, clipping, loss, average. Names and defaults are timm 0.4.12's and
// DeiT's.
public sealed partial record TrainingOptions
{
    /// <summary>Epochs that no run has; what asks for more is a slip, and would not fit into an integer.</summary>
    public const int MostEpochs = 1_000_000;

    /// <summary>The optimizer's name (<see cref="OptimizerCatalog.Names"/>).</summary>
    public string Opt { get; init; } = "adamw";

    /// <summary>Added to the optimizer's denominator; null for the optimizer's own.</summary>
    public double? OptEps { get; init; }

    /// <summary>Decays of the optimizer's two moments; empty for the optimizer's own.</summary>
    public IReadOnlyList<double> OptBetas { get; init; } = [];

    /// <summary>Momentum of sgd, momentum and rmsprop.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>The schedule's name (<see cref="LearningRates.Names"/>).</summary>
    public string Sched { get; init; } = "cosine";

    /// <summary>Epochs at the lowest rate after the schedule's end (cosine, tanh).</summary>
    public int CooldownEpochs { get; init; }

    /// <summary>Epochs without a better accuracy after which a plateau schedule lowers the rate.</summary>
    public int PatienceEpochs { get; init; } = 10;

    /// <summary>Factor of the rate: step, multistep and plateau, and from cycle to cycle of the cosine.</summary>
    public double DecayRate { get; init; } = 0.1;

    /// <summary>Epochs between two steps of the step schedule.</summary>
    public double DecayEpochs { get; init; } = 30;

    /// <summary>Epochs at which the multi-step schedule lowers the rate.</summary>
    public IReadOnlyList<int> DecayMilestones { get; init; } = [30, 60];

    /// <summary>Length of each cycle of the schedule by that of the one before (cosine, tanh).</summary>
    public double LrCycleMul { get; init; } = 1;

    /// <summary>Cycles of the schedule (cosine, tanh).</summary>
    public int LrCycleLimit { get; init; } = 1;

    /// <summary>Exponent of the cosine schedule's phase.</summary>
    public double LrKDecay { get; init; } = 1;

    /// <summary>Where noise on the rate begins, and ends, as shares of the epochs; empty for none.</summary>
    public IReadOnlyList<double> LrNoise { get; init; } = [];

    /// <summary>Largest noise, as a share of the rate.</summary>
    public double LrNoisePct { get; init; } = 0.67;

    /// <summary>Standard deviation of the noise, as a share of the rate.</summary>
    public double LrNoiseStd { get; init; } = 1;

    /// <summary>What is clipped: norm, value or agc.</summary>
    public string ClipMode { get; init; } = "norm";

    /// <summary>Binary cross entropy per class; label smoothing does not act.</summary>
    public bool BceLoss { get; init; }

    /// <summary>Keep a moving average of the weights, and validate it, too.</summary>
    public bool ModelEma { get; init; }

    /// <summary>Decay of the moving average per step.</summary>
    public double ModelEmaDecay { get; init; } = 0.99996;

    /// <summary>Factor of the rate from one layer to the one before it.</summary>
    public double LayerDecay { get; init; } = 1;

    /// <summary>Factor of the head's rate.</summary>
    public double HeadLrScale { get; init; } = 1;

    /// <summary>Factor of the prompts' rate.</summary>
    public double PromptLrScale { get; init; } = 1;

    /// <summary>Images computed at a time, 0 for as many as the device computes at full speed.</summary>
    public int MicroBatch { get; init; }

    /// <summary>How often in a row each image comes, differently augmented.</summary>
    public int RepeatedAug { get; init; } = 1;

    /// <summary>Stop after so many epochs without a better validation top-1, 0 for never.</summary>
    public int EarlyStop { get; init; }

    /// <summary>A trained model to learn from; null for none.</summary>
    public string? Teacher { get; init; }

    /// <summary>How the teacher is learnt from: none, soft or hard.</summary>
    public string Distillation { get; init; } = "none";

    /// <summary>The distillation's share of the loss.</summary>
    public double DistillationAlpha { get; init; } = 0.5;

    /// <summary>Temperature of the soft distillation.</summary>
    public double DistillationTau { get; init; } = 1;

    /// <summary>The optimizer's numbers, for a method of which so many layers share a prompt.</summary>
    public OptimizerSettings OptimizerSettings(int sharedLayers = 1) => new()
    {
        WeightDecay = WeightDecay,
        Momentum = Momentum,
        Beta1 = OptBetas.Count > 0 ? OptBetas[0] : null,
        Beta2 = OptBetas.Count > 1 ? OptBetas[1] : null,
        Epsilon = OptEps,
        Groups = new ParameterGroups(LayerDecay, HeadLrScale, PromptLrScale, sharedLayers),
    };

    private void ValidateOptimisation(Action<bool, string, string> require)
    {
        static string OneOf(IEnumerable<string> names) => $"one of {string.Join(", ", names)}";
        require(OptimizerCatalog.Names.Contains(Opt), "--opt", OneOf(OptimizerCatalog.Names));
        require(OptEps is null or (>= 0 and < double.PositiveInfinity), "--opt-eps", "at least 0");
        require(OptBetas.Count is 0 or 2 && OptBetas.All(b => b is >= 0 and < 1), "--opt-betas",
            "two numbers, each at least 0 and below 1");
        require(Momentum is >= 0 and < 1, "--momentum", "at least 0 and below 1");
        require(ModelEmaDecay is >= 0 and < 1, "--model-ema-decay", "at least 0 and below 1");
        require(LayerDecay is > 0 and <= 1, "--layer-decay", "above 0 and at most 1");
        require(HeadLrScale is >= 0 and < double.PositiveInfinity, "--head-lr-scale", "at least 0");
        require(PromptLrScale is >= 0 and < double.PositiveInfinity, "--prompt-lr-scale", "at least 0");
        require(GradientClip.Modes.Contains(ClipMode), "--clip-mode", OneOf(GradientClip.Modes));
        require(MicroBatch >= 0, "--micro-batch", "at least 0 (0 means as many as the device needs for its speed)");
        require(RepeatedAug >= 1, "--repeated-aug", "at least 1");
        require(EarlyStop >= 0, "--early-stop", "at least 0 (0 means never)");
        require(Distillation is "none" or "soft" or "hard", "--distillation", "one of none, soft, hard");
        require(Teacher is not null || Distillation == "none", "--distillation", "none without a --teacher FILE");
        require(Teacher is null || Distillation != "none", "--distillation", "soft or hard beside --teacher");
        require(DistillationAlpha is >= 0 and <= 1, "--distillation-alpha", "at least 0 and at most 1");
        require(DistillationTau is > 0 and < double.PositiveInfinity, "--distillation-tau", "a positive number");
        ValidateSchedule(require);
    }

    private void ValidateSchedule(Action<bool, string, string> require)
    {
        bool cyclic = Sched is "cosine" or "tanh";
        require(LearningRates.Names.Contains(Sched), "--sched", $"one of {string.Join(", ", LearningRates.Names)}");
        require(CooldownEpochs >= 0, "--cooldown-epochs", "at least 0");
        require(
            cyclic || CooldownEpochs == 0, "--cooldown-epochs", "0 with this --sched: only cosine and tanh cool down");
        require(PatienceEpochs >= 0, "--patience-epochs", "at least 0");
        require(DecayRate is > 0 and <= 1, "--decay-rate", "above 0 and at most 1");
        require(DecayEpochs is > 0 and < double.PositiveInfinity, "--decay-epochs", "a positive number");
        require(DecayMilestones.All(m => m >= 1) && DecayMilestones.Order().SequenceEqual(DecayMilestones),
            "--decay-milestones", "growing numbers of epochs, each at least 1");
        require(LrCycleMul is >= 1 and <= 100, "--lr-cycle-mul", "1 to 100");
        require(LrCycleLimit is >= 1 and <= 1000, "--lr-cycle-limit", "1 to 1000");
        require(cyclic || (LrCycleMul == 1 && LrCycleLimit == 1), "--lr-cycle-limit",
            "1 with this --sched: only cosine and tanh have cycles");
        string longest = CooldownEpochs > MostEpochs ? "--cooldown-epochs"
            : LrCycleLimit > 1 ? "--lr-cycle-limit" : "--epochs";
        require(LearningRates.Length(this) <= MostEpochs, longest,
            "lower: all cycles and the cooldown are more than 1,000,000 epochs together");
        require(LrKDecay is > 0 and < double.PositiveInfinity, "--lr-k-decay", "a positive number");
        require(LrNoise.Count <= 2 && LrNoise.All(n => n is >= 0 and <= 1), "--lr-noise",
            "one or two shares of the epochs, 0 to 1");
        require(LrNoise.Count < 2 || LrNoise[0] <= LrNoise[1], "--lr-noise", "two growing shares of the epochs");
        require(LrNoisePct is > 0 and < double.PositiveInfinity, "--lr-noise-pct", "a positive number");
        require(LrNoiseStd is >= 0 and < double.PositiveInfinity, "--lr-noise-std", "at least 0");
        require(LrNoisePct >= LrNoiseStd * 1e-3, "--lr-noise-pct", "at least a thousandth of --lr-noise-std");
    }
}
