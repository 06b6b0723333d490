using System.Text.Json.Nodes;

namespace VisionMamba.Models.Checkpoints;

/// <summary>What is known of a model beside its parameters, saved with it so that the file can be used alone.</summary>
public sealed record ModelCard
{
    /// <summary>Class names in the order of the logits; empty when unknown.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>How images are prepared (size, crop, interpolation, mean, deviation); null when unknown.</summary>
    public JsonObject? Preprocessing { get; init; }

    /// <summary>Where it comes from: data, recipe, metrics, versions.</summary>
    public JsonObject Provenance { get; init; } = [];
}
