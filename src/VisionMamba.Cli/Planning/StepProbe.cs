using System.Diagnostics;
using VisionMamba.Models;
using VisionMamba.Tensors;
using VisionMamba.Training;

namespace VisionMamba.Cli.Planning;

/// <summary>A training step and a forward pass of a few random images, measured on this machine.</summary>
/// <param name="Batch">Images of the measured step.</param>
/// <param name="TrainSecondsPerImage">Forward and backward pass.</param>
/// <param name="EvaluateSecondsPerImage">Forward pass.</param>
/// <param name="ActivationBytesPerImage">Peak of the step's activations.</param>
internal sealed record StepProbe(
    int Batch, double TrainSecondsPerImage, double EvaluateSecondsPerImage, long ActivationBytesPerImage)
{
    /// <summary>Measures <paramref name="model"/> with steps of <paramref name="batch"/> images.</summary>
    public static StepProbe Measure(VisionMambaModel model, Backend backend, int batch)
    {
        using var session = new ModelSession(model, backend);
        Action train = Step(session, batch), evaluate = Forward(session, batch);
        // The first runs compile; the second size fills the pool.
        Step(session, 1)();
        train();
        double trained = Fastest(train), evaluated = Fastest(evaluate);
        model.Parameters.ClearGradients();
        return new StepProbe(batch, trained / batch, evaluated / batch, session.PeakBytes / batch);
    }

    private static double Fastest(Action run)
    {
        double best = double.PositiveInfinity;
        for (int i = 0; i < 2; i++)
        {
            var clock = Stopwatch.StartNew();
            run();
            best = Math.Min(best, clock.Elapsed.TotalSeconds);
        }

        return best;
    }

    private static Action Step(ModelSession session, int batch)
    {
        Tensor images = Images(session, batch), targets = Trainer.SoftTargets(new int[batch], session.Model.Config.Classes, 0.1);
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
