namespace VisionMamba.Data.Datasets;

/// <summary>A labelled picture.</summary>
/// <param name="Path">The image file, or for pictures made in memory a name for messages.</param>
/// <param name="Label">Index into the data set's classes.</param>
public sealed record Sample(string Path, int Label);
