using VisionMamba.Models;
using VisionMamba.Tensors;

namespace VisionMamba.Training;

/// <summary>
/// How a training batch is cut. The gradients of its pieces are added up, so the size of a piece decides the order of
/// the sums, and with it their last bits; the memory there is does not, as long as it holds the usual piece.
/// </summary>
public static class BatchPieces
{
    /// <summary>Images computed at a time: what the options say, else what <paramref name="backend"/> needs.</summary>
    public static int Images(TrainingOptions options, VisionMambaConfig model, Backend backend) =>
        options.MicroBatch > 0 ? Math.Min(options.MicroBatch, options.Batch)
        : Math.Clamp(backend.TokensAtOnce / (model.Patches + 1), 1, options.Batch);
}
