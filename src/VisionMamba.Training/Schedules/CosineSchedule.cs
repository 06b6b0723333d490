namespace VisionMamba.Training.Schedules;

/// <summary>
/// timm 0.4.12's cosine schedule (arXiv 1608.03983): a half cosine over each cycle down to <paramref
/// name="minimumRate"/>,
/// which also follows the last cycle. <paramref name="power"/> is k-decay's k (arXiv 2004.05909), 1 for the plain
/// cosine.
/// </summary>
public sealed class CosineSchedule(
    double rate, double minimumRate, double warmupRate, int warmupEpochs, Cycles cycles, double power = 1)
    : Schedule(rate, warmupRate, warmupEpochs)
{
    /// <summary>One cycle of <paramref name="epochs"/>.</summary>
    public CosineSchedule(double rate, double minimumRate, double warmupRate, int warmupEpochs, int epochs)
        : this(rate, minimumRate, warmupRate, warmupEpochs, new Cycles(epochs))
    {
    }

    /// <inheritdoc/>
    protected override double Value(int t)
    {
        (int index, double at, double length) = cycles.Find(t);
        if (cycles.Over(index))
            return minimumRate;
        double gamma = Math.Pow(cycles.Decay, index), low = minimumRate * gamma, high = Rate * gamma;
        double phase = power == 1 ? at / length : Math.Pow(at, power) / Math.Pow(length, power);
        return low + (0.5 * (high - low) * (1 + Math.Cos(Math.PI * phase)));
    }
}

/// <summary>
/// timm 0.4.12's hyperbolic-tangent schedule (arXiv 1806.01593) from -6 to 4; the warm-up ends at the value that
/// follows it. timm's factory gives it no decay from cycle to cycle.
/// </summary>
public sealed class TanhSchedule(double rate, double minimumRate, double warmupRate, int warmupEpochs, Cycles cycles)
    : Schedule(rate, warmupRate, warmupEpochs)
{
    private readonly int _warmupEpochs = warmupEpochs;

    /// <inheritdoc/>
    protected override double WarmupTarget => Value(_warmupEpochs);

    /// <inheritdoc/>
    protected override double Value(int t)
    {
        (int index, double at, double length) = cycles.Find(t);
        if (cycles.Over(index))
            return minimumRate;
        double part = at / length;
        return minimumRate + (0.5 * (Rate - minimumRate) * (1 - Math.Tanh((-6 * (1 - part)) + (4 * part))));
    }
}

/// <summary>timm 0.4.12's step schedule: the rate times decay^(t / decayEpochs), the quotient rounded down.</summary>
public sealed class StepSchedule(double rate, double warmupRate, int warmupEpochs, double decayEpochs, double decay)
    : Schedule(rate, warmupRate, warmupEpochs)
{
    /// <inheritdoc/>
    protected override double Value(int t) => Rate * Math.Pow(decay, Math.Floor(t / decayEpochs));
}

/// <summary>timm's (0.6) multi-step schedule: the rate times decay for every milestone that is at most t + 1.</summary>
public sealed class MultiStepSchedule(
    double rate, double warmupRate, int warmupEpochs, IReadOnlyList<int> milestones, double decay)
    : Schedule(rate, warmupRate, warmupEpochs)
{
    /// <inheritdoc/>
    protected override double Value(int t) => Rate * Math.Pow(decay, milestones.Count(m => m <= t + 1));
}
