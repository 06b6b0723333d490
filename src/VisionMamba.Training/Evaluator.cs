using VisionMamba.Data;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Datasets;
using VisionMamba.Models;

namespace VisionMamba.Training;

/// <summary>Told what a model answers to an image.</summary>
public delegate void ImageAnswered(string path, int label, ReadOnlySpan<float> logits);

/// <summary>Runs a model over a data set.</summary>
public static class Evaluator
{
    /// <summary>
    /// Top-1, top-5, loss and confusion of <paramref name="session"/>'s model on <paramref name="data"/>.
    /// </summary>
    /// <param name="session">The model and its device.</param>
    /// <param name="data">Images with labels in the order of the model's classes.</param>
    /// <param name="preprocessing">How images become input.</param>
    /// <param name="batch">Images at a time.</param>
    /// <param name="workers">Threads that decode.</param>
    /// <param name="progress">Told the number of images done; may be null.</param>
    /// <param name="answered">Told each image's answer, in the data set's order; may be null.</param>
    /// <param name="cancel">Ends the run between batches.</param>
    /// <exception cref="DivergedException">A logit is NaN or infinite.</exception>
    public static Metrics Run(
        ModelSession session, ImageDataset data, Preprocessing preprocessing, int batch, int workers,
        Action<int>? progress = null, ImageAnswered? answered = null, CancellationToken cancel = default)
    {
        var metrics = new Metrics(session.Model.Config.Classes);
        Answer(session, data, preprocessing, batch, workers, (path, label, logits) =>
        {
            metrics.Add(logits, label);
            answered?.Invoke(path, label, logits);
        }, progress, cancel);
        return metrics;
    }

    /// <summary>Tells what <paramref name="session"/>'s model answers to each image, whatever its label.</summary>
    /// <inheritdoc cref="Run"/>
    public static void Answer(
        ModelSession session, ImageDataset data, Preprocessing preprocessing, int batch, int workers,
        ImageAnswered answered, Action<int>? progress = null, CancellationToken cancel = default)
    {
        int classes = session.Model.Config.Classes, done = 0;
        using var loader = new BatchLoader(
            data, new EvalTransform(preprocessing), Math.Min(batch, Math.Max(1, data.Count)), seed: 0, workers,
            shuffle: false, dropLast: false);
        foreach (ImageBatch images in loader.Epoch(0))
        {
            cancel.ThrowIfCancellationRequested();
            float[] logits = session.Logits(images.Input, images.Count);
            for (int i = 0; i < images.Count; i++)
            {
                ReadOnlySpan<float> answer = logits.AsSpan(i * classes, classes);
                if (answer.ContainsAnyExceptInRange(float.MinValue, float.MaxValue))
                    throw new DivergedException(
                        $"{images.Paths[i]}: the model answers NaN or infinity; it has diverged, or is damaged");
                answered(images.Paths[i], images.Labels[i], answer);
            }

            progress?.Invoke(done += images.Count);
        }
    }
}
