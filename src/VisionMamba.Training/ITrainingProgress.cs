namespace VisionMamba.Training;

/// <summary>Told how a run goes on.</summary>
public interface ITrainingProgress
{
    /// <summary>A step is done.</summary>
    /// <param name="epoch">From 0.</param>
    /// <param name="step">Steps of this epoch done.</param>
    /// <param name="steps">Steps of an epoch.</param>
    /// <param name="loss">Mean loss of this epoch so far.</param>
    /// <param name="imagesPerSecond">Mean speed of training so far.</param>
    /// <param name="remaining">Estimated time to the end.</param>
    void Step(int epoch, int step, int steps, double loss, double imagesPerSecond, TimeSpan remaining);

    /// <summary>An epoch has been validated.</summary>
    void Epoch(int epoch, double trainLoss, Metrics validation, bool best);

    /// <summary>
    /// The averaged weights have been validated; told after <see cref="Epoch"/>, where there is an average.
    /// </summary>
    void AverageEpoch(int epoch, Metrics validation, bool best)
    {
    }

    /// <summary>
    /// The run ends after <paramref name="epochs"/> epochs, the last <paramref name="without"/> without progress.
    /// </summary>
    void EarlyStop(int epochs, int without)
    {
    }
}
