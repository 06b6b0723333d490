using VisionMamba.Tensors;

namespace VisionMamba.Models;

/// <summary>Tokens on their way through the blocks, and where the class token stands among them.</summary>
/// <param name="Tokens">(batch, length, dim).</param>
/// <param name="ClassToken">Index of the class token.</param>
public readonly record struct TokenSequence(Tensor Tokens, int ClassToken);

/// <summary>What a forward pass needs to know beside its input.</summary>
/// <param name="Training">Whether drop path and dropout act.</param>
/// <param name="Rng">Their decisions, new for every step.</param>
/// <param name="DropPath">Rate of the last block; earlier blocks have linearly less.</param>
/// <param name="FirstImage">
/// The first image's place in its batch: where a batch is computed in pieces, every decision is that of the whole
/// batch.
/// </param>
public readonly record struct ForwardContext(bool Training, Rng Rng, float DropPath, int FirstImage = 0)
{
    /// <summary>Evaluation: nothing is random.</summary>
    public static ForwardContext Evaluation => default;
}
