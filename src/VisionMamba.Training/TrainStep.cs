using VisionMamba.Data;
using VisionMamba.Data.Augment;
using VisionMamba.Models;
using VisionMamba.Tensors;
using VisionMamba.Training.Losses;
using VisionMamba.Training.Optimizers;

namespace VisionMamba.Training;

/// <summary>
/// One step: mixes a batch, adds up the gradients of its pieces, clips, changes the weights and follows them with the
/// average. Every random decision belongs to an image's place in the batch, so pieces change only the order of sums.
/// </summary>
internal sealed class TrainStep(
    ModelSession session, TrainingOptions options, Optimizer optimizer, AveragedModel? average, Teacher? teacher)
{
    private const ulong StepStream = 0x57E9, MixStream = 0x317E;
    private readonly TrainingLoss _loss = new(options);
    private readonly BatchMixer _mixer = new(
        options.Augment, session.Model.Config.Classes, TrainingLoss.Smoothing(options));

    /// <summary>
    /// Takes step <paramref name="step"/> (from 0); gives the loss and the gradient's norm before clipping.
    /// </summary>
    /// <exception cref="NonFiniteException">A NaN or an infinity; nothing was changed, and the message names the
    /// layer.</exception>
    public (double Loss, double Norm) Run(ImageBatch images, long step, double rate)
    {
        ParameterSet parameters = session.Model.Parameters;
        Backend backend = session.Backend;
        float[] targets = _mixer.Mix(images, new Rng(options.Seed, MixStream).Derive((ulong)step));
        double loss = Gradients(images, targets, step, checkFinite: false);
        double norm = GradientClip.Norm(backend, parameters);
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
        {
            // Again, looking at every result, to name the layer.
            Gradients(images, targets, step, checkFinite: true);
            throw new NonFiniteException("the gradient's sum of squares");
        }

        if (options.ClipGradient > 0)
            GradientClip.Clip(backend, parameters, options.ClipMode, norm, options.ClipGradient);
        optimizer.Step(backend, rate);
        average?.Follow(backend);
        return (loss, norm);
    }

    private double Gradients(ImageBatch images, float[] targets, long step, bool checkFinite)
    {
        VisionMambaConfig config = session.Model.Config;
        int size = config.ImageSize, pixels = config.Channels * size * size, classes = config.Classes;
        int most = BatchPieces.Images(options, config, session.Backend);
        var context = new ForwardContext(
            Training: true, new Rng(options.Seed, StepStream).Derive((ulong)step), (float)options.DropPath);
        session.Model.Parameters.ClearGradients();
        double loss = 0;
        for (int first = 0; first < images.Count; first += most)
        {
            int count = Math.Min(most, images.Count - first);
            ReadOnlySpan<float> input = images.Input.Slice(first * pixels, count * pixels);
            Tensor target = Tensor.From(targets.AsSpan(first * classes, count * classes), count, 1, classes);
            float[]? taught = teacher?.Logits(input, count);
            loss += session.Gradients(
                Tensor.From(input, count, config.Channels, size, size), context with { FirstImage = first },
                (tape, logits) => _loss.Of(tape, logits, target, taught, images.Count), checkFinite);
        }

        return loss;
    }
}
