using VisionMamba.Tensors;

namespace VisionMamba.Models;

/// <summary>A model on a device, with the memory of its activations. Not thread-safe.</summary>
public sealed class ModelSession(VisionMambaModel model, Backend backend) : IDisposable
{
    private readonly BufferPool _pool = new();

    /// <summary>The model.</summary>
    public VisionMambaModel Model { get; } = model;

    /// <summary>The device.</summary>
    public Backend Backend { get; } = backend;

    /// <summary>Peak memory of activations and gradients of activations, in bytes.</summary>
    public long PeakBytes => _pool.Peak * sizeof(float);

    /// <summary>Bytes held for activations and their gradients: what the largest passes so far took.</summary>
    public long HeldBytes => _pool.Held * sizeof(float);

    /// <summary>
    /// The logits, count * classes numbers, of <paramref name="images"/>: count * channels * size * size normalised
    /// numbers.
    /// </summary>
    public float[] Logits(ReadOnlySpan<float> images, int count)
    {
        int size = Model.Config.ImageSize;
        var tape = new Tape(Backend, _pool, recording: false);
        using (tape.Enter("forward"))
            return Model.Forward(
                tape, Tensor.From(images, count, Model.Config.Channels, size, size), default).Span.ToArray();
    }

    /// <summary>
    /// Forward and backward pass of one batch: adds to the gradients of the trainable parameters and returns the loss.
    /// <paramref name="targets"/> is (batch, 1, classes). With <paramref name="checkFinite"/> the first NaN or infinity
    /// is a
    /// <see cref="NonFiniteException"/> that names its layer.
    /// </summary>
    public float Gradients(Tensor images, Tensor targets, ForwardContext context, bool checkFinite = false) =>
        (float)Gradients(images, context, (tape, logits) => [tape.SoftmaxCrossEntropy(logits, targets)], checkFinite);

    /// <summary>
    /// Forward and backward pass of some images: adds the gradient of the sum of the losses that
    /// <paramref name="losses"/> makes of the logits, (batch, 1, classes), and returns that sum.
    /// </summary>
    public double Gradients(
        Tensor images, ForwardContext context, Func<Tape, Tensor, Tensor[]> losses, bool checkFinite = false)
    {
        var tape = new Tape(Backend, _pool, recording: true) { CheckFinite = checkFinite };
        try
        {
            using (tape.Enter("model"))
            {
                Tensor[] parts = losses(tape, Model.Forward(tape, images, context));
                double loss = 0;
                foreach (Tensor part in parts)
                    loss += part.Span[0];
                tape.Backward(parts);
                return loss;
            }
        }
        catch (NonFiniteException)
        {
            tape.Abandon();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _pool.Dispose();
}
