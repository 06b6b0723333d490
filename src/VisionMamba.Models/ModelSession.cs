using VisionMamba.Tensors;

namespace VisionMamba.Models;

/// <summary>
/// A model on a device, with the memory of its activations: after the first pass of a kind and size nothing is
/// allocated. Not thread-safe.
/// </summary>
public sealed class ModelSession : IDisposable
{
    private readonly BufferPool _pool;
    private readonly Tape _answers, _features, _steps;
    private FeatureCache? _known;
    private bool _trainsOnKnown;

    /// <summary>Of <paramref name="model"/> on <paramref name="backend"/>; neither is disposed with it.</summary>
    public ModelSession(VisionMambaModel model, Backend backend)
    {
        (Model, Backend, _pool) = (model, backend, new BufferPool(backend));
        _answers = new Tape(backend, _pool, recording: false);
        _features = new Tape(backend, _pool, recording: false);
        _steps = new Tape(backend, _pool, recording: true);
    }

    /// <summary>The model.</summary>
    public VisionMambaModel Model { get; }

    /// <summary>The device.</summary>
    public Backend Backend { get; }

    /// <summary>Peak memory of activations and gradients of activations, in bytes.</summary>
    public long PeakBytes => _pool.Peak * sizeof(float);

    /// <summary>Bytes held for activations and their gradients: the blocks of all sizes of passes so far.</summary>
    public long HeldBytes => _pool.Held * sizeof(float);

    /// <summary>Whether <see cref="KeepFeatures"/> serves training steps: they look at images on the host.</summary>
    public bool KeepsTrainingFeatures => _known is not null && _trainsOnKnown;

    /// <summary>
    /// From now on keeps what the backbone makes of an image, where only the head trains: an image that comes again is
    /// not computed again. Results are the same to the bit. Nothing happens where more than the head trains.
    /// <paramref name="whileTraining"/> says whether training steps see their images again, too: random crops would
    /// only fill the memory that validation needs.
    /// </summary>
    public void KeepFeatures(bool whileTraining = true)
    {
        if (FeatureCache.Serves(Model))
            (_known, _trainsOnKnown) = (
                _known ?? new FeatureCache(Model, Features, wholeBatches: !Backend.OnHost), whileTraining);
    }

    /// <summary>
    /// The logits, count * classes numbers, of <paramref name="images"/>: count * channels * size * size normalised
    /// numbers.
    /// </summary>
    public float[] Logits(ReadOnlySpan<float> images, int count)
    {
        float[] logits = new float[count * Model.Config.Classes];
        Logits(images, count, logits);
        return logits;
    }

    /// <summary>The same, written to <paramref name="logits"/>.</summary>
    public void Logits(ReadOnlySpan<float> images, int count, Span<float> logits)
    {
        int size = Model.Config.ImageSize;
        _answers.Restart();
        using (_answers.Enter("forward"))
        {
            // What the host looks at first, to know it again or for SimAM, does not go to a device and back.
            bool looks = !Backend.OnHost && (_known is not null || Model.Config.SimAm);
            Tensor input = looks ? Tensor.From(images, count, Model.Config.Channels, size, size)
                : _answers.Input(images, count, Model.Config.Channels, size, size);
            Forward(_answers, input, default).Span.CopyTo(logits);
        }
    }

    private Tensor Forward(Tape tape, Tensor images, ForwardContext context) =>
        // Drop path makes features random; a search for NaN wants to see every layer.
        _known is null || tape.CheckFinite || (context.Training && (!_trainsOnKnown || context.DropPath > 0))
            ? Model.Forward(tape, images, context)
            : Model.Answer(tape, tape.Input(_known.Of(images)));

    private Tensor Features(Tensor images)
    {
        _features.Restart();
        using (_features.Enter("features"))
        {
            return Tensor.From(
                Model.Features(_features, images, default).Span, images.Shape[0], 1, Model.Config.Dim);
        }
    }

    /// <summary>
    /// Forward and backward pass of one batch: adds to the gradients of the trainable parameters and returns the loss.
    /// <paramref name="targets"/> is (batch, 1, classes). With <paramref name="checkFinite"/> the first NaN or infinity
    /// is a
    /// <see cref="NonFiniteException"/> that names its layer.
    /// </summary>
    public float Gradients(Tensor images, Tensor targets, ForwardContext context, bool checkFinite = false) =>
        (float)Gradients(images, context, new CrossEntropy(targets), checkFinite);

    /// <summary>
    /// Forward and backward pass of some images: adds the gradient of <paramref name="loss"/> and returns it. When all
    /// work has been handed to the device <paramref name="meanwhile"/> is called, before the loss is waited for.
    /// </summary>
    public double Gradients<TLoss>(
        Tensor images, ForwardContext context, TLoss loss, bool checkFinite = false, Action? meanwhile = null)
        where TLoss : ILoss
    {
        _steps.Restart();
        _steps.CheckFinite = checkFinite;
        try
        {
            using (_steps.Enter("model"))
            {
                (Tensor first, Tensor? second) = loss.Of(_steps, Forward(_steps, images, context));
                if (second is null)
                    _steps.Backward(first);
                else
                    _steps.Backward(first, second);
                meanwhile?.Invoke();
                // Read last: a device is waited for here, when all its work has been handed out.
                return (double)first.Span[0] + (second is null ? 0 : second.Span[0]);
            }
        }
        catch
        {
            // The next step, or who measures what would have fitted, finds the memory free.
            _steps.Abandon();
            throw;
        }
    }

    private readonly struct CrossEntropy(Tensor targets) : ILoss
    {
        public LossParts Of(Tape tape, Tensor logits) => new(tape.SoftmaxCrossEntropy(logits, tape.Input(targets)));
    }

    /// <inheritdoc/>
    public void Dispose() => _pool.Dispose();
}
