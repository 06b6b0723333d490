using System.Text.Json.Nodes;

namespace VisionMamba.Models.Prompting.BitFit;

/// <summary>
/// BitFit (Ben Zaken et al., ACL 2022, arXiv 2106.10199): of the backbone only the bias vectors train. In Vim those
/// are the biases of the patch embedding, of both convolutions and of both step sizes (and the norms' where they are
/// LayerNorms): D, and 4 E per block of inner width E.
/// </summary>
public sealed class BitFitMethod : TuningMethod
{
    /// <inheritdoc/>
    public override string Name => "bitfit";

    /// <inheritdoc/>
    public override JsonObject Settings => [];

    /// <inheritdoc/>
    public override bool AddsParameters => false;

    /// <inheritdoc/>
    public override bool Trains(string name) =>
        IsHead(name) || (IsBackbone(name) && name.EndsWith(".bias", StringComparison.Ordinal));
}
