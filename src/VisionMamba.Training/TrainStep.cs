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
    private const ulong StepStream = 0x57E9;
    private readonly TrainingLoss _loss = new(options);
    private readonly int _most = BatchPieces.Images(options, session.Model.Config, session.Backend);
    private readonly Dictionary<int, Tensor> _inputs = [];
    private Storage? _pixels;
    private readonly BatchMixer _mixer = new(
        options.Augment, session.Model.Config.Classes, TrainingLoss.Smoothing(options));

    /// <summary>
    /// Whether batches are prepared a step ahead: for a device with memory of its own. The pixels of a teacher's, a
    /// cached backbone's and a re-weighted image are looked at on the host.
    /// </summary>
    public bool LooksAhead { get; } = !session.Backend.OnHost && teacher is null && !session.KeepsTrainingFeatures
        && !session.Model.Config.SimAm;

    /// <summary>
    /// Mixes the batch of step <paramref name="step"/>. Where steps look ahead it is on its way to the device when this
    /// returns, and its pixels may be written over; otherwise its pieces are made when they are computed.
    /// </summary>
    public PreparedBatch Prepare(ImageBatch images, long step)
    {
        float[] targets = _mixer.Mix(images, new Rng(options.Seed, BatchMixer.Stream).Derive((ulong)step));
        var staged = new StagedInput[LooksAhead ? (images.Count + _most - 1) / _most : 0];
        for (int i = 0; i < staged.Length; i++)
        {
            int count = Math.Min(_most, images.Count - (i * _most));
            staged[i] = session.Backend.Stage(PixelsOf(images, i * _most, count), Shape(count));
        }

        return new PreparedBatch(images, targets, staged);
    }

    private int[] Shape(int count)
    {
        VisionMambaConfig config = session.Model.Config;
        return [count, config.Channels, config.ImageSize, config.ImageSize];
    }

    private static ReadOnlySpan<float> PixelsOf(ImageBatch images, int first, int count)
    {
        int pixels = images.Input.Length / images.Count;
        return images.Input.Slice(first * pixels, count * pixels);
    }

    /// <summary>The same memory for every piece, whatever its size: the one before has been computed.</summary>
    private Tensor Input(ImageBatch images, int first, int count)
    {
        if (!_inputs.TryGetValue(count, out Tensor? input))
        {
            _pixels ??= new Storage(
                Shape(Math.Min(_most, options.Batch)).Aggregate(1L, (all, side) => all * side));
            _inputs[count] = input = new Tensor(_pixels, Shape(count));
        }

        PixelsOf(images, first, count).CopyTo(input.Span);
        return input;
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
        var context = new ForwardContext(
            Training: true, new Rng(options.Seed, StepStream).Derive((ulong)step), (float)options.DropPath);
        session.Model.Parameters.ClearGradients();
        double loss = 0;
        for (int first = 0; first < images.Count; first += _most)
        {
            int count = Math.Min(_most, images.Count - first);
            Tensor input = LooksAhead ? images.Staged[first / _most].Tensor : Input(images.Images, first, count);
            float[]? taught = teacher?.Logits(input.Span, count);
            loss += session.Gradients(
                input, context with { FirstImage = first }, new PieceLoss(_loss, images, first, count, taught),
                checkFinite, first + count == images.Count ? meanwhile : null);
        }

        return loss;
    }

    private readonly struct PieceLoss(
        TrainingLoss loss, PreparedBatch batch, int first, int count, float[]? taught) : ILoss
    {
        public LossParts Of(Tape tape, Tensor logits)
        {
            int classes = logits.Columns;
            ReadOnlySpan<float> targets = batch.Targets.AsSpan(first * classes, count * classes);
            return loss.Of(tape, logits, targets, taught, batch.Count);
        }
    }
}
