using System.Text.Json.Nodes;

namespace VisionMamba.Models.Prompting.Full;

/// <summary>Full fine-tuning, and training from scratch: every parameter trains.</summary>
public sealed class FullMethod : TuningMethod
{
    /// <inheritdoc/>
    public override string Name => "full";

    /// <inheritdoc/>
    public override JsonObject Settings => [];

    /// <inheritdoc/>
    public override bool AddsParameters => false;

    /// <inheritdoc/>
    public override bool Trains(string name) => true;
}
