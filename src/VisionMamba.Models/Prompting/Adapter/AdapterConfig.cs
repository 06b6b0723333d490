namespace VisionMamba.Models.Prompting.Adapter;

/// <summary>Where an adapter stands.</summary>
public enum AdapterMode
{
    /// <summary>Beside the mixer, from the same normalised tokens (AdaptFormer, arXiv 2205.13535).</summary>
    Parallel,

    /// <summary>After the mixer, with a skip connection of its own (Houlsby et al., arXiv 1902.00751).</summary>
    Sequential,

    /// <summary>Beside out_proj, from its input: the parallel adapter of MambaPEFT (arXiv 2411.03855).</summary>
    OutProj,
}

/// <summary>Settings of adapters. The defaults are those of MambaPEFT and AdaptFormer.</summary>
public sealed record AdapterConfig
{
    /// <summary>Where it stands.</summary>
    public AdapterMode Mode { get; init; }

    /// <summary>Width w of the bottleneck.</summary>
    public int Width { get; init; } = 32;

    /// <summary>
    /// Factor s of its output; 0 takes 0.1, and 1 for the sequential adapter, which is published without.
    /// </summary>
    public float Scale { get; init; }

    /// <summary>Dropout in the bottleneck, in [0, 1).</summary>
    public float Dropout { get; init; } = 0.1f;

    /// <summary>The factor itself.</summary>
    public float Factor => Scale != 0 ? Scale : Mode == AdapterMode.Sequential ? 1 : 0.1f;
}
