using VisionMamba.Tensors;

namespace VisionMamba.Models;

/// <summary>Tokens on their way through the blocks, and where the class token stands among them.</summary>
/// <param name="Tokens">(batch, length, dim): the embedded tokens or the last mixer's output.</param>
/// <param name="ClassToken">Index of the class token.</param>
/// <param name="Residual">
/// (batch, length, dim): the residual stream that <paramref name="Tokens"/> will be added to; null before the first
/// block. Who adds or removes tokens does so in both.
/// </param>
public readonly record struct TokenSequence(Tensor Tokens, int ClassToken, Tensor? Residual = null);

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
