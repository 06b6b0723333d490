using VisionMamba.Models;
using VisionMamba.Models.Prompting.Svp;

namespace VisionMamba.Cli.Planning;

/// <summary>
/// Memory of activations in a training step, from the shapes. Per token and block the tape keeps, in numbers
/// (D width, E inner width, R rank, N states, h inner width of a prompt):
/// residual D + 2, xz 2E in three blocks of four, B and C with the step's rank 2(R + 2N); the norm, both convolutions and
/// step sizes are made again (0); with prompts their input and hidden D + h, both outputs made again (0); with everything
/// trained the mixer's output E.
/// One block's backward pass adds gradients and what is made again for one direction: 5E + (R + 2N) + D; E more where the
/// convolution's output is still wanted when its gradient is made.
/// </summary>
internal static class ActivationEstimate
{
    /// <summary>Bytes per image of a step; null for a method whose activations are not known here.</summary>
    public static long? BytesPerImage(VisionMambaModel model)
    {
        VisionMambaConfig c = model.Config;
        long tokens = c.Patches + 1, projected = 2L * (c.Rank + (2 * c.State));
        long kept = (c.Depth * (c.Dim + 2 + projected)) + ((c.Depth - c.RecomputedBlocks) * 2L * c.Inner);
        long backward = (5L * c.Inner) + (projected / 2) + c.Dim;
        switch (model.Method.Name)
        {
            case "linear":
                // Nothing below the head needs a gradient: one block's forward pass at a time.
                return tokens * ((4L * c.Inner) + (projected / 2) + c.Dim) * sizeof(float);
            case "full":
                return tokens * (kept + ((long)c.Depth * c.Inner) + backward + c.Inner) * sizeof(float);
            case "svp":
                SvpConfig prompt = ((SvpMethod)model.Method).Config;
                long prompted = prompt.PromptDepth == 0 ? c.Depth : prompt.PromptDepth;
                long hidden = prompt.Prompts == SvpPrompts.Cross ? 0 : prompt.InnerWidth;
                return tokens * (kept + (prompted * (c.Dim + hidden)) + backward) * sizeof(float);
            default:
                return null;
        }
    }
}
