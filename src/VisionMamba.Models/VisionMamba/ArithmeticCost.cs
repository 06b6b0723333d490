using VisionMamba.Models.Prompting.Svp;

namespace VisionMamba.Models;

/// <summary>
/// Floating-point operations (a multiply-add counts 2) of the matrix products that one image cannot do without: the
/// floor that measured times are compared with. The scan, convolution, norms and gates come on top; they are counted as
/// loss, not as work.
/// </summary>
public static class ArithmeticCost
{
    /// <summary>One forward pass without prompts.</summary>
    public static double Forward(VisionMambaConfig c)
    {
        double tokens = c.Patches + 1, block = BlockPerToken(c) * tokens * c.Depth;
        return block + PatchEmbedding(c) + Head(c);
    }

    /// <summary>Forward and backward pass with every gradient. The image needs none.</summary>
    public static double FullStep(VisionMambaConfig c) => (3 * Forward(c)) - PatchEmbedding(c);

    /// <summary>
    /// An SVP training step: forward, gradients of the tokens of all blocks, prompts and head with all their gradients.
    /// The prompts stand before every block from the first on, so only the patch embedding is spared.
    /// </summary>
    public static double SvpStep(VisionMambaConfig c, SvpConfig svp)
    {
        double tokens = c.Patches, blocks = BlockPerToken(c) * (tokens + 1) * c.Depth;
        int prompted = svp.PromptDepth == 0 ? c.Depth : svp.PromptDepth;
        double prompt = 2 * tokens * ((double)c.Dim * c.Dim + (2.0 * c.Dim * svp.InnerWidth));
        // Layer 0's tokens are frozen: its prompts need no input gradient.
        return PatchEmbedding(c) + (2 * blocks) + (3 * Head(c)) + (prompt * ((3 * prompted) - 1));
    }

    private static double BlockPerToken(VisionMambaConfig c)
    {
        double low = c.Rank + (2 * c.State);
        return 2.0 * c.Inner * ((2 * c.Dim) + (2 * low) + (2 * c.Rank) + c.Dim);
    }

    private static double PatchEmbedding(VisionMambaConfig c) =>
        2.0 * c.Patches * c.Dim * c.Channels * c.Patch * c.Patch;

    private static double Head(VisionMambaConfig c) => c.HeadLayers == 1
        ? 2.0 * c.Dim * c.Classes
        : 2.0 * (c.Dim / 2) * (c.Dim + c.Classes);
}
