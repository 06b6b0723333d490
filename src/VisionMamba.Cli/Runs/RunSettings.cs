using System.Text.Json.Serialization;
using VisionMamba.Training;

namespace VisionMamba.Cli.Runs;

/// <summary>What resuming takes from run.json.</summary>
internal sealed record RunSettings(
    [property: JsonPropertyName("verb")] string Verb, [property: JsonPropertyName("data")] RunData Data,
    [property: JsonPropertyName("options")] TrainingOptions Options,
    [property: JsonPropertyName("counts")] RunCounts Counts);

/// <summary>How large the data was when the run began.</summary>
internal sealed record RunCounts(
    [property: JsonPropertyName("train")] PartCounts Train,
    [property: JsonPropertyName("validation")] PartCounts Validation);

/// <summary>How large a part of the data was.</summary>
internal sealed record PartCounts([property: JsonPropertyName("images")] int Images);
