using VisionMamba.Tensors;

namespace VisionMamba.Models;

/// <summary>Tokens on their way through the blocks, and where the class token stands among them.</summary>
/// <param name="Tokens">(batch, length, dim): the embedded tokens or the last mixer's output.</param>
/// <param name="ClassToken">Index of the class token.</param>
/// <param name="Residual">
/// (batch, length, dim): the residual stream that <paramref name="Tokens"/> will be added to; null before the first
/// block. Who adds or removes tokens does so in both.
/// </param>
/// <param name="Order">
/// Where each token comes from among the embedded ones, learned ones included; null while they stand as embedded.
/// </param>
public readonly record struct TokenSequence(
    Tensor Tokens, int ClassToken, Tensor? Residual = null, TokenOrder? Order = null);

/// <summary>
/// Sees the tokens of block <paramref name="layer"/> before and after the tuning method changed them.
/// </summary>
public delegate void TokenWatcher(int layer, TokenSequence before, TokenSequence after);

/// <summary>What a forward pass needs to know beside its input.</summary>
/// <param name="Training">Whether drop path and dropout act.</param>
/// <param name="Rng">Their decisions, new for every step.</param>
/// <param name="DropPath">Rate of the last block; earlier blocks have linearly less.</param>
/// <param name="FirstImage">
/// The first image's place in its batch: where a batch is computed in pieces, every decision is that of the whole
/// batch.
/// </param>
/// <param name="Watcher">Sees the tokens of every block; null when nobody looks.</param>
public readonly record struct ForwardContext(
    bool Training, Rng Rng, float DropPath, int FirstImage = 0, TokenWatcher? Watcher = null)
{
    /// <summary>Evaluation: nothing is random.</summary>
    public static ForwardContext Evaluation => default;
}
