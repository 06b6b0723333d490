namespace VisionMamba.Data.Datasets;

/// <summary>A labelled picture.</summary>
/// <param name="Path">The image file, or for pictures made in memory a name for messages.</param>
/// <param name="Label">Index into the data set's classes.</param>
public record Sample(string Path, int Label);

/// <summary>A picture that is one record of a file which holds many.</summary>
internal sealed record PackedSample(string Path, int Label, int Record) : Sample(Path, Label);
