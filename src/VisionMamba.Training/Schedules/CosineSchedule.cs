namespace VisionMamba.Training.Schedules;

/// <summary>
/// timm 0.4.12's cosine schedule with linear warm-up, per epoch: warm-up from <paramref name="warmupRate"/> to
/// <paramref name="rate"/> in <paramref name="warmupEpochs"/> epochs, then a half cosine over all
/// <paramref name="epochs"/> down to <paramref name="minimumRate"/>.
/// </summary>
public sealed class CosineSchedule(double rate, double minimumRate, double warmupRate, int warmupEpochs, int epochs)
{
    /// <summary>
    /// The rate that trains epoch <paramref name="epoch"/> (from 0). As in the published training loop the schedule is stepped
    /// after each epoch with that epoch's number, so epoch e trains at the schedule's value at e - 1.
    /// </summary>
    public double RateOfEpoch(int epoch) => epoch == 0 ? (warmupEpochs > 0 ? warmupRate : rate) : At(epoch - 1);

    /// <summary>The schedule's value after timm's step(<paramref name="t"/>).</summary>
    public double At(int t)
    {
        if (t < warmupEpochs)
            return warmupRate + (t * (rate - warmupRate) / warmupEpochs);
        if (t >= epochs)
            return minimumRate;
        return minimumRate + (0.5 * (rate - minimumRate) * (1 + Math.Cos(Math.PI * t / epochs)));
    }
}
