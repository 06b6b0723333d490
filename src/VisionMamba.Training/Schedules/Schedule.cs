namespace VisionMamba.Training.Schedules;

/// <summary>
/// A learning rate per epoch as timm 0.4.12 computes it: linear warm-up from <paramref name="warmupRate"/>, then a
/// formula.
/// </summary>
public abstract class Schedule(double rate, double warmupRate, int warmupEpochs)
{
    /// <summary>Random changes of the rate; null for none.</summary>
    public ScheduleNoise? Noise { get; init; }

    /// <summary>The rate before training.</summary>
    public double Initial => warmupEpochs > 0 ? warmupRate : rate;

    /// <summary>The full rate.</summary>
    protected double Rate => rate;

    /// <summary>Where the warm-up ends.</summary>
    protected virtual double WarmupTarget => rate;

    /// <summary>
    /// The rate that trains epoch <paramref name="epoch"/> (from 0). As in the published training loop the schedule is
    /// stepped after each epoch with that epoch's number, so epoch e trains at the schedule's value at e - 1.
    /// </summary>
    public double RateOfEpoch(int epoch) =>
        epoch == 0 ? Initial : Noise?.Apply(At(epoch - 1), epoch - 1) ?? At(epoch - 1);

    /// <summary>The schedule's value after timm's step(<paramref name="t"/>), without noise.</summary>
    public double At(int t) =>
        t < warmupEpochs ? warmupRate + (t * (WarmupTarget - warmupRate) / warmupEpochs) : Value(t);

    /// <summary>The formula after the warm-up.</summary>
    protected abstract double Value(int t);
}

/// <summary>How a schedule repeats itself: cycles that grow and sink.</summary>
/// <param name="Epochs">Length of the first cycle.</param>
/// <param name="Factor">Length of each cycle by that of the one before.</param>
/// <param name="Limit">How many cycles; 0 for no limit.</param>
/// <param name="Decay">Factor of the rates from one cycle to the next.</param>
public sealed record Cycles(int Epochs, double Factor = 1, int Limit = 1, double Decay = 1)
{
    /// <summary>
    /// Epochs of all cycles (timm's get_cycle_length), one cycle where there is no limit: a whole number, which forty
    /// cycles of twice the length make larger than any integer.
    /// </summary>
    public double Length => Factor == 1 ? (double)Epochs * Math.Max(Limit, 1)
        : Math.Floor(-Epochs * (Math.Pow(Factor, Math.Max(Limit, 1)) - 1) / (1 - Factor));

    /// <summary>The cycle of epoch <paramref name="t"/>, the place in it, and its length.</summary>
    internal (int Index, double At, double Length) Find(int t)
    {
        if (Factor == 1)
            return (t / Epochs, t % Epochs, Epochs);
        int i = (int)Math.Floor(Math.Log(1 - ((double)t / Epochs * (1 - Factor)), Factor));
        double power = Math.Pow(Factor, i);
        return (i, t - ((1 - power) / (1 - Factor) * Epochs), power * Epochs);
    }

    internal bool Over(int index) => Limit != 0 && index >= Limit;
}
