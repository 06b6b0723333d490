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

/// <summary>What the caller knows better than the file.</summary>
public sealed record LoadOptions
{
    /// <summary>Side of the input image, where the file's shapes leave it open.</summary>
    public int? ImageSize { get; init; }

    /// <summary>Patch stride, where the file's shapes leave it open.</summary>
    public int? Stride { get; init; }

    /// <summary>
    /// Layers that share a cross prompt, for a file that does not record it and whose shapes allow several.
    /// </summary>
    public int? SharedLayers { get; init; }

    /// <summary>Reading of SVP's cross prompt for a file that does not record it.</summary>
    public string? CrossPromptSource { get; init; }

    /// <summary>Whether SimAM acts on the input, for a file that does not record it.</summary>
    public bool? SimAm { get; init; }

    /// <summary>Use the model at this image side instead, resizing the position embeddings.</summary>
    public int? TargetImageSize { get; init; }

    /// <summary>Which row is the class token's when the position embeddings are resized.</summary>
    public PositionClassToken PositionClassToken { get; init; }

    /// <summary>
    /// Maps all parameters, also those that train, for a model that only answers: nothing is copied, and writing to
    /// a parameter is an access violation.
    /// </summary>
    public bool View { get; init; }

    /// <summary>Copies the parameters instead of mapping the file, so that the file can be replaced (resume).</summary>
    public bool Copy { get; init; }
}
