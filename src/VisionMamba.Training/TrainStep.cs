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
    /// Whether batches are prepared a step ahead: for a device with memory of its own. The pixels of a teacher's, a
    /// cached backbone's and a re-weighted image are looked at on the host.
    /// </summary>
    public bool LooksAhead { get; } = !session.Backend.OnHost && teacher is null && !session.KeepsFeatures
        && !session.Model.Config.SimAm;

    /// <summary>
    /// Mixes the batch of step <paramref name="step"/>. Where steps look ahead it is on its way to the device when this
    /// returns, and its pixels may be written over; otherwise its pieces are made when they are computed.
    /// </summary>
    public PreparedBatch Prepare(ImageBatch images, long step)
    {
        float[] targets = _mixer.Mix(images, new Rng(options.Seed, MixStream).Derive((ulong)step));
        IEnumerable<StagedInput> pieces = Pieces(images);
        return new PreparedBatch(images.Count, LooksAhead ? [.. pieces] : pieces, targets);
    }

    private IEnumerable<StagedInput> Pieces(ImageBatch images)
    {
        VisionMambaConfig config = session.Model.Config;
        int size = config.ImageSize, pixels = config.Channels * size * size;
        int most = BatchPieces.Images(options, config, session.Backend);
        for (int first = 0; first < images.Count; first += most)
        {
            int count = Math.Min(most, images.Count - first);
            ReadOnlySpan<float> input = images.Input.Slice(first * pixels, count * pixels);
            ReadOnlySpan<int> shape = [count, config.Channels, size, size];
            yield return LooksAhead
                ? session.Backend.Stage(input, shape) : new StagedInput(Tensor.From(input, shape));
        }
    }

    /// <summary>
    /// Takes step <paramref name="step"/> (from 0); gives the loss and the gradient's norm before clipping. Calls
    /// <paramref name="meanwhile"/> once, while a device computes.
    /// </summary>
    /// <exception cref="NonFiniteException">A NaN or an infinity; nothing was changed, and the message names the
    /// layer.</exception>
    public (double Loss, double Norm) Run(PreparedBatch images, long step, double rate, Action? meanwhile = null)
    {
        ParameterSet parameters = session.Model.Parameters;
        Backend backend = session.Backend;
        double loss = Gradients(images, step, checkFinite: false, meanwhile);
        double norm = GradientClip.Norm(backend, parameters);
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
        {
            // Again, looking at every result, to name the layer.
            Gradients(images, step, checkFinite: true, meanwhile: null);
            throw new NonFiniteException("the gradient's sum of squares");
        }

        if (options.ClipGradient > 0)
            GradientClip.Clip(backend, parameters, options.ClipMode, norm, options.ClipGradient);
        optimizer.Step(backend, rate);
        average?.Follow(backend);
        return (loss, norm);
    }

    private double Gradients(PreparedBatch images, long step, bool checkFinite, Action? meanwhile)
    {
        int classes = session.Model.Config.Classes, first = 0;
        var context = new ForwardContext(
            Training: true, new Rng(options.Seed, StepStream).Derive((ulong)step), (float)options.DropPath);
        session.Model.Parameters.ClearGradients();
        double loss = 0;
        foreach (StagedInput piece in images.Pieces)
        {
            int count = piece.Tensor.Shape[0];
            var target = Tensor.From(images.Targets.AsSpan(first * classes, count * classes), count, 1, classes);
            float[]? taught = teacher?.Logits(piece.Tensor.Span, count);
            loss += session.Gradients(
                piece.Tensor, context with { FirstImage = first },
                (tape, logits) => _loss.Of(tape, logits, target, taught, images.Count), checkFinite,
                first + count == images.Count ? meanwhile : null);
            first += count;
        }

        return loss;
    }
}
