using System.Globalization;

namespace VisionMamba.Data.Datasets;

/// <summary>Choices when a data set is read.</summary>
public sealed record DatasetOptions
{
    /// <summary>The part of each class that is held out for validation when the data set does not say.</summary>
    public double ValidationFraction { get; init; } = 0.2;

    /// <summary>Decides which images are held out or left out.</summary>
    public ulong Seed { get; init; }

    /// <summary>Only these classes, or all when null.</summary>
    public IReadOnlyList<string>? OnlyClasses { get; init; }

    /// <summary>At most so many classes, the first in order.</summary>
    public int? MaxClasses { get; init; }

    /// <summary>At most so many training images a class, drawn by <see cref="Seed"/>.</summary>
    public int? MaxImagesPerClass { get; init; }

    /// <summary>
    /// Train on floor(fraction * n) of the n training images, as the released SVP code does with 0.8 for Food-101,
    /// GTSRB and SVHN: the first ones of SVHN's file, elsewhere the first after a seeded shuffle (not by class). What
    /// is left over validates where the data set has no validation part of its own. Null: everything but what is held
    /// out by <see cref="ValidationFraction"/>.
    /// </summary>
    public double? TrainFraction { get; init; }

    /// <summary>Train on VPT's train_{percent}.json (0.1 ... 0.8) in place of train.json.</summary>
    public double? TrainPercent { get; init; }

    /// <summary>
    /// Let the test part choose the best epoch and hold nothing out, as the released code does. Its figure is then no
    /// longer an independent one.
    /// </summary>
    public bool SelectOnTest { get; init; }

    /// <summary>
    /// Train on the validation part too (VTAB-1k's 1000 images); its figures then say nothing about new images.
    /// </summary>
    public bool TrainOnValidation { get; init; }

    /// <summary>
    /// Draw so many images from the training part to train and to validate on, the classes taking turns. The data set's
    /// own validation part is then the test part where it has none. Null: the parts as they are.
    /// </summary>
    public SampleSizes? Sample { get; init; }

    /// <summary>At most so many test images, the classes taking turns; the same for every seed.</summary>
    public int? MaxTest { get; init; }

    /// <summary>Pixels a side of the pictures of rendered data sets; 64 when null.</summary>
    public int? RenderSize { get; init; }

    /// <summary>Which of DTD's ten splits, 1 ... 10; 1 when null.</summary>
    public int? Partition { get; init; }

    /// <summary>The rank of iNaturalist's taxonomy that is a class: name (when null), genus, family, order...</summary>
    public string? InatCategory { get; init; }

    /// <summary>Lists images that are not there, so that they can be reported.</summary>
    internal bool AllowMissing { get; init; }

    /// <summary>Takes a folder that has val/ or test/ but no train/: it is measured on, not trained on.</summary>
    public bool AllowNoTraining { get; init; }

    /// <summary>Throws one line that begins with the flag for a number out of range.</summary>
    public void Check()
    {
        if (!(ValidationFraction is > 0 and < 1))
            throw new VisionMambaException(
                $"--validation-fraction: must be between 0 and 1, not {Show(ValidationFraction)}");
        if (MaxClasses is < 2 || OnlyClasses is { Count: 0 })
            throw new VisionMambaException("--max-classes: must be at least 2; one class is nothing to tell apart");
        if (MaxImagesPerClass is < 1)
            throw new VisionMambaException("--max-images: must be at least 1");
        if (TrainFraction is { } share && !(share is > 0 and <= 1))
            throw new VisionMambaException($"--train-fraction: must be above 0 and at most 1, not {Show(share)}");
        if (TrainPercent is { } percent && !(percent is > 0 and < 1))
            throw new VisionMambaException(
                $"--train-percent: must be between 0 and 1, not {Show(percent)}; VPT has 0.1 ... 0.6 and 0.8");
        if (TrainFraction is not null && TrainOnValidation)
            throw new VisionMambaException("--train-fraction: excludes --train-on-validation; give one");
        if (Sample is not null && (TrainFraction is not null || MaxImagesPerClass is not null || SelectOnTest))
            throw new VisionMambaException(
                "--sample: excludes --train-fraction, --max-images and --select-on test; give one");
        if (MaxTest is < 1)
            throw new VisionMambaException("--max-test: must be at least 1");
        if (RenderSize is { } side && side < ProceduralDatasets.LeastSize)
            throw new VisionMambaException($"--render-size: must be at least {ProceduralDatasets.LeastSize}");
        if (Partition is { } partition && partition is < 1 or > 10)
            throw new VisionMambaException($"--partition: must be 1 ... 10, not {partition}");
    }

    internal static string Show(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
