using VisionMamba.Data.Augment;
using VisionMamba.Data.Datasets;

namespace VisionMamba.Training;

/// <summary>
/// The numbers of a training run. The defaults are the published recipe's, except where a data set sets its own.
/// </summary>
public sealed partial record TrainingOptions
{
    /// <summary>Passes over the training images.</summary>
    public int Epochs { get; init; } = 100;

    /// <summary>Stop after so many steps, 0 for no limit.</summary>
    public int MaxSteps { get; init; }

    /// <summary>Images per step, whose gradients are added up.</summary>
    public int Batch { get; init; } = 96;

    /// <summary>Learning rate at a batch of 512; the rate used is this times batch / 512.</summary>
    public double LearningRate { get; init; } = 5e-3;

    /// <summary>Lowest rate, not scaled by the batch.</summary>
    public double MinimumRate { get; init; } = 1e-5;

    /// <summary>Rate of the first epoch, not scaled by the batch.</summary>
    public double WarmupRate { get; init; } = 1e-5;

    /// <summary>Epochs from the warm-up rate to the full rate.</summary>
    public int WarmupEpochs { get; init; } = 5;

    /// <summary>Weight decay; decoupled from the gradient or not as the optimizer has it.</summary>
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>Share of the target given to all classes alike.</summary>
    public double LabelSmoothing { get; init; } = 0.1;

    /// <summary>Stochastic depth of the last block.</summary>
    public double DropPath { get; init; } = 0.1;

    /// <summary>Where gradients are clipped, 0 for no clipping; of what, <see cref="ClipMode"/> says.</summary>
    public double ClipGradient { get; init; }

    /// <summary>Least share of a picture's area in a random crop.</summary>
    public double CropScale { get; init; } = 0.08;

    /// <summary>
    /// The part of the resized picture that evaluation's centre crop keeps; 1 shows the model the whole picture, as
    /// questions about its arrangement need.
    /// </summary>
    public double CropFraction { get; init; } = 0.875;

    /// <summary>What happens to the training images after the crop, and how batches are mixed.</summary>
    public AugmentOptions Augment { get; init; } = new();

    /// <summary>Decides initial values, order, augmentation, drop path and dropout.</summary>
    public ulong Seed { get; init; }

    /// <summary>Threads that decode and augment.</summary>
    public int Workers { get; init; } = 2;

    /// <summary>Bytes of decoded training images kept in memory, and as many of validation images.</summary>
    public long CacheBytes { get; init; } = CachedImageSource.DefaultBudget;

    /// <summary>Save after so many steps within an epoch, 0 to save at the end of epochs only.</summary>
    public int SaveEvery { get; init; }

    /// <summary>Write TensorBoard's event files beside the logs.</summary>
    public bool TensorBoard { get; init; } = true;

    /// <summary>
    /// What the device computes in: fp32, tf32, bf16 or fp16. The device was opened with it; here it is kept with all
    /// else that decides the numbers, so that a run goes on as it began.
    /// </summary>
    public string Precision { get; init; } = "fp32";

    /// <summary>The rate after scaling by the batch.</summary>
    public double ScaledRate => LearningRate * Batch / 512;

    /// <summary>
    /// Whether a training image is one of a few inputs in every epoch, mirrored or not, and a frozen backbone makes the
    /// same of each.
    /// </summary>
    public bool InputsRepeat() => DropPath == 0 && CropScale >= 1 && !Augment.Mixes
        && !(Augment with { HorizontalFlip = 0, VerticalFlip = 0 }).Varies;

    /// <summary>Throws one clear line for a number out of range.</summary>
    public void Validate()
    {
        static void Require(bool holds, string flag, string rule)
        {
            if (!holds)
                throw new VisionMambaException($"{flag}: must be {rule}");
        }

        Require(Epochs >= 1, "--epochs", "at least 1");
        Require(MaxSteps >= 0, "--max-steps", "at least 0 (0 means no limit)");
        Require(Batch >= 1, "--batch", "at least 1");
        Require(double.IsFinite(LearningRate) && LearningRate > 0, "--lr", "a positive number");
        Require(WarmupEpochs >= 0, "--warmup-epochs", "at least 0");
        Require(WeightDecay >= 0, "--weight-decay", "at least 0");
        Require(LabelSmoothing is >= 0 and < 1, "--label-smoothing", "at least 0 and below 1");
        Require(double.IsFinite(MinimumRate) && MinimumRate >= 0, "--min-lr", "at least 0");
        Require(double.IsFinite(WarmupRate) && WarmupRate >= 0, "--warmup-lr", "at least 0");
        Require(DropPath is >= 0 and < 1, "--drop-path", "at least 0 and below 1");
        Require(ClipGradient >= 0, "--clip-grad", "at least 0 (0 means no clipping)");
        Require(CropScale is > 0 and <= 1, "--crop-scale", "above 0 and at most 1");
        Require(CropFraction is > 0 and <= 1, "--crop-fraction", "above 0 and at most 1");
        Require(SaveEvery >= 0, "--save-every", "at least 0 (0 means at the end of epochs)");
        Require(Workers >= 1, "--workers", "at least 1");
        Augment.Validate();
        ValidateOptimisation(Require);
    }
}
