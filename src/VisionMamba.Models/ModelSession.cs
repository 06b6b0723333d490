using VisionMamba.Tensors;

namespace VisionMamba.Models;

/// <summary>A model on a device, with the memory of its activations. Not thread-safe.</summary>
public sealed class ModelSession(VisionMambaModel model, Backend backend) : IDisposable
{
    private readonly BufferPool _pool = new(backend);
    private FeatureCache? _features;

    /// <summary>The model.</summary>
    public VisionMambaModel Model { get; } = model;

    /// <summary>The device.</summary>
    public Backend Backend { get; } = backend;

    /// <summary>Peak memory of activations and gradients of activations, in bytes.</summary>
    public long PeakBytes => _pool.Peak * sizeof(float);

    /// <summary>Bytes held for activations and their gradients: what the largest passes so far took.</summary>
    public long HeldBytes => _pool.Held * sizeof(float);

    /// <summary>Whether <see cref="KeepFeatures"/> serves this model: it looks at images on the host.</summary>
    public bool KeepsFeatures => _features is not null;

    /// <summary>
    /// From now on keeps what the backbone makes of an image, where only the head trains: an image that comes again is
    /// not computed again. Results are the same to the bit. Nothing happens where more than the head trains.
    /// </summary>
    public void KeepFeatures()
    {
        if (FeatureCache.Serves(Model))
            _features ??= new FeatureCache(Model, Features);
    }

    /// <summary>
    /// The logits, count * classes numbers, of <paramref name="images"/>: count * channels * size * size normalised
    /// numbers.
    /// </summary>
    public float[] Logits(ReadOnlySpan<float> images, int count)
    {
        int size = Model.Config.ImageSize;
        var tape = new Tape(Backend, _pool, recording: false);
        using (tape.Enter("forward"))
            return Forward(
                tape, Tensor.From(images, count, Model.Config.Channels, size, size), default).Span.ToArray();
    }

    private Tensor Forward(Tape tape, Tensor images, ForwardContext context) =>
        // Drop path makes features random; a search for NaN wants to see every layer.
        _features is null || tape.CheckFinite || (context.Training && context.DropPath > 0)
            ? Model.Forward(tape, tape.Input(images), context)
            : Model.Answer(tape, tape.Input(_features.Of(images)));

    private Tensor Features(Tensor images)
    {
        var tape = new Tape(Backend, _pool, recording: false);
        using (tape.Enter("features"))
        {
            return Tensor.From(
                Model.Features(tape, tape.Input(images), default).Span, images.Shape[0], 1, Model.Config.Dim);
        }
    }

    /// <summary>
    /// Forward and backward pass of one batch: adds to the gradients of the trainable parameters and returns the loss.
    /// <paramref name="targets"/> is (batch, 1, classes). With <paramref name="checkFinite"/> the first NaN or infinity
    /// is a
    /// <see cref="NonFiniteException"/> that names its layer.
    /// </summary>
    public float Gradients(Tensor images, Tensor targets, ForwardContext context, bool checkFinite = false) =>
        (float)Gradients(
            images, context, (tape, logits) => [tape.SoftmaxCrossEntropy(logits, tape.Input(targets))], checkFinite);

    /// <summary>
    /// Forward and backward pass of some images: adds the gradient of the sum of the losses that
    /// <paramref name="losses"/> makes of the logits, (batch, 1, classes), and returns that sum. When all work has been
    /// handed to the device <paramref name="meanwhile"/> is called, before the loss is waited for.
    /// </summary>
    public double Gradients(
        Tensor images, ForwardContext context, Func<Tape, Tensor, Tensor[]> losses, bool checkFinite = false,
        Action? meanwhile = null)
    {
        var tape = new Tape(Backend, _pool, recording: true) { CheckFinite = checkFinite };
        try
        {
            using (tape.Enter("model"))
            {
                Tensor[] parts = losses(tape, Forward(tape, images, context));
                tape.Backward(parts);
                meanwhile?.Invoke();
                // Read last: a device is waited for here, when all its work has been handed out.
                double loss = 0;
                foreach (Tensor part in parts)
                    loss += part.Span[0];
                return loss;
            }
        }
        catch
        {
            // The next step, or who measures what would have fitted, finds the memory free.
            tape.Abandon();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _pool.Dispose();
}
