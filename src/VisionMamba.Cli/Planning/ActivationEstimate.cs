using VisionMamba.Models;
using VisionMamba.Models.Prompting.Svp;

namespace VisionMamba.Cli.Planning;

/// <summary>
/// Memory of activations in a training step, from the shapes. Per token and block the tape keeps, in numbers
/// (D width, E inner width, R rank, N states, h inner width of a prompt):
/// residual D + 2, xz 2E, B and C with the step's rank 2(R + 2N), both convolutions and step sizes made again (0);
/// with prompts their input and hidden D + h, both outputs made again (0); with everything trained the mixer's input D
/// and output E.
/// One block's backward pass adds gradients and what is made again: 11E + 2(R + 2N) + 2D.
/// </summary>
internal static class ActivationEstimate
{
    /// <summary>Bytes per image of a step; null for a method whose activations are not known here.</summary>
    public static long? BytesPerImage(VisionMambaModel model)
    {
        VisionMambaConfig c = model.Config;
        long tokens = c.Patches + 1, projected = 2L * (c.Rank + (2 * c.State));
        long block = c.Dim + 2 + (2L * c.Inner) + projected, backward = (11L * c.Inner) + projected + (2L * c.Dim);
        switch (model.Method.Name)
        {
            case "linear":
                // Nothing below the head needs a gradient: one block's forward pass at a time.
                return tokens * ((7L * c.Inner) + projected + (4L * c.Dim)) * sizeof(float);
            case "full":
                return tokens * ((c.Depth * (block + c.Dim + c.Inner)) + backward) * sizeof(float);
            case "svp":
                SvpConfig prompt = ((SvpMethod)model.Method).Config;
                long prompted = prompt.PromptDepth == 0 ? c.Depth : prompt.PromptDepth;
                long hidden = prompt.Prompts == SvpPrompts.Cross ? 0 : prompt.InnerWidth;
                return tokens * ((c.Depth * block) + (prompted * (c.Dim + hidden)) + backward) * sizeof(float);
            default:
                return null;
        }
    }
}
