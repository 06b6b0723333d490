namespace VisionMamba.Models.Checkpoints;

/// <summary>
/// What the caller knows where the file leaves it open, and how it is to be read. What a file records cannot be said
/// otherwise: that is an error.
/// </summary>
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

    /// <summary>
    /// The reading to take, without a note, where neither the file nor <see cref="CrossPromptSource"/> says it.
    /// </summary>
    public string? UnrecordedCrossPromptSource { get; init; }

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
