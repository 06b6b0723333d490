namespace VisionMamba.Training.Schedules;

/// <summary>Where a plateau schedule stands.</summary>
/// <param name="Rate">The rate without noise.</param>
/// <param name="Best">The best accuracy so far; null before the first.</param>
/// <param name="Bad">Epochs since then.</param>
/// <param name="Noisy">The rate of the coming epoch.</param>
public sealed record PlateauState(double Rate, double? Best, int Bad, double Noisy);

/// <summary>
/// timm 0.4.12's plateau schedule (PyTorch's ReduceLROnPlateau after a linear warm-up): when the validation accuracy
/// has not grown by a factor of 1.0001 for more than <paramref name="patience"/> epochs the rate is multiplied by
/// <paramref name="decay"/>, down to <paramref name="minimumRate"/>.
/// </summary>
public sealed class PlateauSchedule(
    double rate, double minimumRate, double warmupRate, int warmupEpochs, int patience, double decay)
{
    /// <summary>Random changes of the rate; null for none.</summary>
    public ScheduleNoise? Noise { get; init; }

    /// <summary>Before training.</summary>
    public PlateauState Initial
    {
        get
        {
            double first = warmupEpochs > 0 ? warmupRate : rate;
            return new PlateauState(first, null, 0, first);
        }
    }

    /// <summary>After epoch <paramref name="epoch"/>, which reached <paramref name="accuracy"/>.</summary>
    public PlateauState Next(PlateauState state, int epoch, double accuracy)
    {
        if (epoch <= warmupEpochs && warmupEpochs > 0)
        {
            double warm = warmupRate + (epoch * (rate - warmupRate) / warmupEpochs);
            return state with { Rate = warm, Noisy = warm };
        }

        // timm's step 0 without a warm-up sets the "warm-up" rate, 0 + 0 steps of it; here the full rate stays.
        if (epoch == 0)
            return state;
        bool better = state.Best is null || accuracy > state.Best * (1 + 1e-4);
        int bad = better ? 0 : state.Bad + 1;
        double now = state.Rate;
        if (bad > patience)
        {
            double lower = Math.Max(now * decay, minimumRate);
            (now, bad) = (now - lower > 1e-8 ? lower : now, 0);
        }

        return new PlateauState(now, better ? accuracy : state.Best, bad, Noise?.Apply(now, epoch) ?? now);
    }
}
