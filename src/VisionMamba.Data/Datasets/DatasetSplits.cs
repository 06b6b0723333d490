namespace VisionMamba.Data.Datasets;

/// <summary>A data set's parts. All have the same classes in the same order.</summary>
/// <param name="Train">What is trained on.</param>
/// <param name="Validation">What the best epoch is chosen by; the test part only where
/// <see cref="DatasetOptions.SelectOnTest"/> asks for it.</param>
/// <param name="Test">What is reported at the end, when there is one.</param>
/// <param name="Description">How the parts were made, in one line.</param>
public sealed record DatasetSplits(
    ImageDataset Train, ImageDataset Validation, ImageDataset? Test, string Description)
{
    /// <summary>
    /// All images, before any are held out, of a data set that has no parts of its own; null for one that has.
    /// </summary>
    public ImageDataset? Whole { get; init; }

    /// <summary>What lies in the folder and belongs to no part, counted by place and kind.</summary>
    public IReadOnlyList<NotTaken> NotTaken { get; init; } = [];
}
