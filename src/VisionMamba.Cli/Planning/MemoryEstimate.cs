using VisionMamba.Models;
using VisionMamba.Training;

namespace VisionMamba.Cli.Planning;

/// <summary>Bytes that a training run takes, but for decoded images that it keeps.</summary>
/// <param name="Weights">All parameters.</param>
/// <param name="State">Gradients, moments and moving average of those that train.</param>
/// <param name="Loader">Batches that are being made or used.</param>
/// <param name="PerImage">Activations and their gradients, an image.</param>
/// <param name="Batch">Images of a step.</param>
internal sealed record MemoryEstimate(long Weights, long State, long Loader, long PerImage, long Batch)
{
    /// <summary>The runtime, its compiled code, codecs and logs.</summary>
    public const long Runtime = 150L << 20;

    // Three batches are being made while one is used.
    private const int Batches = 4;

    public static MemoryEstimate Of(
        VisionMambaModel model, ParameterCounts groups, TrainingOptions options, long batch, long perImage)
    {
        long side = model.Config.ImageSize, copies = options.ModelEma ? 4 : 3;
        long teacher = options.Teacher is { } path && File.Exists(path) ? new FileInfo(path).Length : 0;
        return new MemoryEstimate(
            (groups.Total * sizeof(float)) + teacher, copies * groups.Trainable * sizeof(float),
            Batches * batch * model.Config.Channels * side * side * sizeof(float), perImage, batch);
    }

    /// <summary>Of so many images at once: the blocks of the last, smaller piece of a batch are kept too.</summary>
    public long Activations(long images) => PerImage * (images + (Batch % images));

    /// <summary>All of it.</summary>
    public long Total(long images) => Weights + State + Loader + Activations(images) + Runtime;

    /// <summary>The most images at once, up to <paramref name="most"/>, that stay below <paramref name="limit"/>; 0 for
    /// none.</summary>
    public int Fitting(long limit, int most)
    {
        while (most > 0 && Total(most) > limit)
            most--;
        return most;
    }
}
