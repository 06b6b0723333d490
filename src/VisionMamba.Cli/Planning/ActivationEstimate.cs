using VisionMamba.Models;
using VisionMamba.Models.Prompting.Svp;
using VisionMamba.Tensors;

namespace VisionMamba.Cli.Planning;

/// <summary>
/// Memory of activations in a training step, from the shapes. Per token and block the tape keeps, in numbers
/// (D width, E inner width, R rank, N states, h inner width of a prompt):
/// residual D + 2, xz 2E in three blocks of four, B and C with the step's rank 2(R + 2N); the norm, both convolutions
/// and step sizes are made again (0); with prompts their input and hidden D + h, both outputs made again (0); with
/// everything trained the mixer's output E. A device that packs keeps half of D, 2E, D + h and E. A device that keeps
/// states of the scan adds those of both directions.
/// One block's backward pass adds gradients and what is made again for one direction: 5E + (R + 2N) + D, 2E more where
/// the scan's gradients do not take its inputs' memory, or E where everything trained still wants the convolution's
/// output; and what it unpacks, 2E of which half was counted.
/// </summary>
internal static class ActivationEstimate
{
    /// <summary>
    /// Bytes per image of a step on <paramref name="backend"/>; null for a method whose activations are not known here.
    /// </summary>
    public static long? BytesPerImage(VisionMambaModel model, Backend backend)
    {
        VisionMambaConfig c = model.Config;
        long tokens = c.Patches + 1, projected = 2L * (c.Rank + (2 * c.State));
        long Kept(long width) => backend.NumbersPacked(tokens * width);
        long block = Kept(c.Dim) + (tokens * (2 + projected)) + StatesKept(c, backend), xz = Kept(2L * c.Inner);
        long kept = (c.Depth * block) + ((c.Depth - c.RecomputedBlocks) * xz);
        long apart = backend.ScansInPlace ? 0 : 2L * c.Inner, unpacked = (tokens * 2L * c.Inner) - xz;
        long backward = (tokens * ((5L * c.Inner) + apart + (projected / 2) + c.Dim)) + unpacked;
        switch (model.Method.Name)
        {
            case "linear":
                // Nothing below the head needs a gradient: one block's forward pass at a time.
                return tokens * ((4L * c.Inner) + (projected / 2) + c.Dim) * sizeof(float);
            case "full":
                long wanted = backend.ScansInPlace ? tokens * c.Inner : 0;
                return (kept + (c.Depth * Kept(c.Inner)) + backward + wanted) * sizeof(float);
            case "svp":
                SvpConfig prompt = ((SvpMethod)model.Method).Config;
                long prompted = prompt.PromptDepth == 0 ? c.Depth : prompt.PromptDepth;
                long hidden = prompt.Prompts == SvpPrompts.Cross ? 0 : prompt.InnerWidth;
                return (kept + (prompted * (Kept(c.Dim) + Kept(hidden))) + backward) * sizeof(float);
            default:
                return null;
        }
    }

    /// <summary>Of both directions; only shapes are looked at.</summary>
    private static long StatesKept(VisionMambaConfig c, Backend backend)
    {
        Tensor u = new(Storage.Unbacked, 1, c.Patches + 1, c.Inner), aLog = new(Storage.Unbacked, c.Inner, c.State);
        return 2 * backend.ScanNumbersKept(new ScanDirection(u, u, u, aLog, aLog, aLog, Reversed: false));
    }
}
