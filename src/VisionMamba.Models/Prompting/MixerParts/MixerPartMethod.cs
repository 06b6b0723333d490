using System.Text.Json.Nodes;

namespace VisionMamba.Models.Prompting.MixerParts;

/// <summary>
/// Partial-tuning of MambaPEFT (Yoshimura et al., ICLR 2025, arXiv 2411.03855): one kind of a mixer's own parameters
/// trains, in both directions of every block, and the rest of the backbone is frozen. Conv1d-tuning: the convolutions'
/// taps, 2 E W per block; A-tuning: A_log, 2 E N; D-tuning: the skip weights D, 2 E (E inner width, W taps, N states).
/// They are weights of the backbone, so there is nothing to merge.
/// </summary>
public sealed class MixerPartMethod : TuningMethod
{
    private readonly string[] _endings;

    private MixerPartMethod(string name, params string[] endings) => (Name, _endings) = (name, endings);

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override JsonObject Settings => [];

    /// <inheritdoc/>
    public override bool AddsParameters => false;

    /// <summary>Conv1d-tuning.</summary>
    public static MixerPartMethod Conv1d() => new("conv1d", ".mixer.conv1d.weight", ".mixer.conv1d_b.weight");

    /// <summary>A-tuning.</summary>
    public static MixerPartMethod A() => new("a-tuning", ".mixer.A_log", ".mixer.A_b_log");

    /// <summary>D-tuning.</summary>
    public static MixerPartMethod D() => new("d-tuning", ".mixer.D", ".mixer.D_b");

    /// <inheritdoc/>
    public override bool Trains(string name) =>
        IsHead(name) || Array.Exists(_endings, e => name.EndsWith(e, StringComparison.Ordinal));
}
