using System.Diagnostics;
using VisionMamba.Models;
using VisionMamba.Tensors;

namespace VisionMamba.Cli.Planning;

/// <summary>A training step and a forward pass of a few random images, measured on this machine.</summary>
/// <param name="Batch">Images of the measured step.</param>
/// <param name="TrainSecondsPerImage">Forward and backward pass.</param>
/// <param name="EvaluateSecondsPerImage">Forward pass.</param>
/// <param name="ActivationBytesPerImage">Peak of the step's activations.</param>
internal sealed record StepProbe(
    int Batch, double TrainSecondsPerImage, double EvaluateSecondsPerImage, long ActivationBytesPerImage)
{
    // Compiled code is replaced by better code while it runs: on a small model the first second is ten times slower.
    public const double WarmSeconds = 1.5;
    private const double StepSeconds = 0.3;
    private const int LargestBatch = 32;

    /// <summary>
    /// Measures <paramref name="model"/> with steps of two images, or of more, up to <paramref name="batch"/> and
    /// 32, where
    /// two take less than 0.3 s. Without <paramref name="warmSeconds"/> the times say little, the bytes are the same.
    /// </summary>
    public static StepProbe Measure(
        VisionMambaModel model, Backend backend, int batch, double warmSeconds = WarmSeconds)
    {
        using var session = new ModelSession(model, backend);
        int images = Math.Min(2, batch);
        double two = Fastest(Step(session, images), warmSeconds);
        long bytes = session.PeakBytes / images;
        if (warmSeconds > 0)
            images = Math.Clamp((int)(images * StepSeconds / two), images, Math.Min(batch, LargestBatch));
        double trained = Fastest(Step(session, images), warmSeconds / 5), evaluated = Fastest(
            Forward(session, images), warmSeconds / 5);
        model.Parameters.ClearGradients();
        return new StepProbe(images, trained / images, evaluated / images, bytes);
    }

    /// <summary>The fastest of the runs within <paramref name="seconds"/>, and at least of two after the
    /// first.</summary>
    private static double Fastest(Action run, double seconds)
    {
        double best = double.PositiveInfinity;
        run();
        var all = Stopwatch.StartNew();
        for (int i = 0; i < 2 || all.Elapsed.TotalSeconds < seconds; i++)
        {
            var clock = Stopwatch.StartNew();
            run();
            best = Math.Min(best, clock.Elapsed.TotalSeconds);
        }

        return best;
    }

    private static Action Step(ModelSession session, int batch)
    {
        Tensor images = Images(session, batch), targets = Training.Losses.SoftTargets.Of(
            new int[batch], session.Model.Config.Classes, 0.1);
        return () => session.Gradients(images, targets, new ForwardContext(true, new Rng(1, 2), 0));
    }

    private static Action Forward(ModelSession session, int batch)
    {
        Tensor images = Images(session, batch);
        return () => session.Logits(images.Span, batch);
    }

    private static Tensor Images(ModelSession session, int batch)
    {
        VisionMambaConfig config = session.Model.Config;
        var images = new Tensor(batch, config.Channels, config.ImageSize, config.ImageSize);
        var rng = new Rng(1, 2);
        for (int i = 0; i < images.Span.Length; i++)
            images.Span[i] = rng.Uniform((ulong)i) - 0.5f;
        return images;
    }
}
