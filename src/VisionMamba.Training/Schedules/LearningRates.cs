namespace VisionMamba.Training.Schedules;

/// <summary>The learning rate of a run's epochs, as its options say.</summary>
public sealed class LearningRates
{
    private readonly Schedule? _schedule;
    private readonly PlateauSchedule? _plateau;

    /// <summary>Makes the schedule that <paramref name="o"/> names.</summary>
    public LearningRates(TrainingOptions o)
    {
        Cycles cycles = CyclesOf(o);
        ScheduleNoise? noise = o.LrNoise.Count == 0 ? null : new ScheduleNoise(
            o.LrNoise[0] * o.Epochs, o.LrNoise.Count > 1 ? o.LrNoise[1] * o.Epochs : double.PositiveInfinity,
            o.LrNoisePct, o.LrNoiseStd, o.Seed);
        (double rate, double low, double warm, int epochs) =
            (o.ScaledRate, o.MinimumRate, o.WarmupRate, o.WarmupEpochs);
        _schedule = o.Sched switch
        {
            "cosine" => new CosineSchedule(rate, low, warm, epochs, cycles, o.LrKDecay) { Noise = noise },
            "tanh" => new TanhSchedule(rate, low, warm, epochs, cycles) { Noise = noise },
            "step" => new StepSchedule(rate, warm, epochs, o.DecayEpochs, o.DecayRate) { Noise = noise },
            "multistep" => new MultiStepSchedule(rate, warm, epochs, o.DecayMilestones, o.DecayRate) { Noise = noise },
            _ => null,
        };
        if (_schedule is null)
            _plateau = new PlateauSchedule(rate, low, warm, epochs, o.PatienceEpochs, o.DecayRate) { Noise = noise };
        Epochs = (int)Length(o);
    }

    /// <summary>The names of the schedules.</summary>
    public static IReadOnlyList<string> Names { get; } = ["cosine", "tanh", "step", "multistep", "plateau"];

    /// <summary>Epochs of the whole run: all cycles and the cooldown.</summary>
    public int Epochs { get; }

    /// <summary>
    /// <see cref="Epochs"/> of a run with these options, also of options that are not valid: no number is too large.
    /// </summary>
    public static double Length(TrainingOptions o) =>
        // As in timm, cycles and cooldown belong to the two schedules that end at the lowest rate.
        o.Sched is "cosine" or "tanh" ? CyclesOf(o).Length + o.CooldownEpochs : o.Epochs;

    /// <summary>The rate of the epoch in work.</summary>
    public double Of(TrainingState state) =>
        _schedule?.RateOfEpoch(state.Epoch) ?? (state.Plateau ?? _plateau!.Initial).Noisy;

    /// <summary>
    /// What a checkpoint must hold of the schedule after the epoch in work reached <paramref name="accuracy"/>.
    /// </summary>
    public PlateauState? After(TrainingState state, double accuracy) =>
        _plateau?.Next(state.Plateau ?? _plateau.Initial, state.Epoch, accuracy);

    private static Cycles CyclesOf(TrainingOptions o) => new(o.Epochs, o.LrCycleMul, o.LrCycleLimit, o.DecayRate);
}
