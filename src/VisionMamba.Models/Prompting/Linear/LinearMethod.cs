using System.Text.Json.Nodes;

namespace VisionMamba.Models.Prompting.Linear;

/// <summary>Linear probing: the backbone is frozen and only the head trains.</summary>
public sealed class LinearMethod : TuningMethod
{
    /// <inheritdoc/>
    public override string Name => "linear";

    /// <inheritdoc/>
    public override JsonObject Settings => [];

    /// <inheritdoc/>
    public override bool AddsParameters => false;

    /// <inheritdoc/>
    public override bool Trains(string name) => IsHead(name);
}
