using System.Globalization;
using System.Text.Json.Nodes;

namespace VisionMamba.Models.Prompting.Partial;

/// <summary>
/// Partial fine-tuning (Yosinski et al., NeurIPS 2014; "Partial-k" in VPT, arXiv 2203.12119): the last k blocks with
/// their norms, the final norm and the head train; everything before them is frozen and keeps no activations.
/// </summary>
public sealed class PartialMethod(int blocks) : TuningMethod
{
    private int _depth;

    /// <summary>How many of the last blocks train.</summary>
    public int Blocks { get; } = blocks;

    /// <inheritdoc/>
    public override string Name => "partial";

    /// <inheritdoc/>
    public override JsonObject Settings => new() { ["blocks"] = Blocks };

    /// <inheritdoc/>
    public override bool AddsParameters => false;

    /// <summary>Makes the method from its settings; 1 block where they say nothing.</summary>
    public static PartialMethod FromSettings(JsonObject settings) => new((int?)settings["blocks"] ?? 1);

    /// <inheritdoc/>
    public override void Prepare(VisionMambaConfig model)
    {
        Require(Blocks >= 1 && Blocks <= model.Depth, $"blocks must be 1 to {model.Depth}, not {Blocks}");
        _depth = model.Depth;
    }

    /// <inheritdoc/>
    public override bool Trains(string name)
    {
        if (IsHead(name) || name.StartsWith("norm_f.", StringComparison.Ordinal))
            return true;
        string[] words = name.Split('.');
        return words[0] == "layers" && int.Parse(words[1], CultureInfo.InvariantCulture) >= _depth - Blocks;
    }
}
