namespace VisionMamba.Data.Datasets;

/// <summary>A data set's parts. All have the same classes in the same order.</summary>
/// <param name="Train">What is trained on.</param>
/// <param name="Validation">What the best epoch is chosen by; never the test part.</param>
/// <param name="Test">What is reported at the end, when there is one.</param>
/// <param name="Description">How the parts were made, in one line.</param>
public sealed record DatasetSplits(
    ImageDataset Train, ImageDataset Validation, ImageDataset? Test, string Description);

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

    internal void Check()
    {
        if (!(ValidationFraction is > 0 and < 1))
            throw new VisionMambaException($"the validation fraction {ValidationFraction} must be between 0 and 1");
        if (MaxClasses is < 1 || MaxImagesPerClass is < 1 || OnlyClasses is { Count: 0 })
            throw new VisionMambaException("a limit of classes or of images per class must be at least 1");
    }
}
