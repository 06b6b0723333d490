using System.Globalization;
using VisionMamba.Tensors;

namespace VisionMamba.Training.Optimizers;

/// <summary>Which parameters decay, and by what the rate of each is scaled.</summary>
/// <param name="LayerDecay">
/// Factor of the rate from one layer to the one before it (BEiT, arXiv 2106.08254); 1 for none.
/// </param>
/// <param name="HeadScale">Factor of the head's rate.</param>
/// <param name="PromptScale">Factor of the prompts' rate.</param>
/// <param name="SharedLayers">How many layers share one of SVP's cross prompts.</param>
public sealed record ParameterGroups(
    double LayerDecay = 1, double HeadScale = 1, double PromptScale = 1, int SharedLayers = 1)
{
    /// <summary>
    /// Whether <paramref name="parameter"/> decays. timm's default grouping leaves out one-dimensional parameters,
    /// biases, pos_embed and cls_token; the methods' publications leave out the picture of visual prompting (arXiv
    /// 2203.17274) and A of additional states (MambaPEFT, arXiv 2411.03855).
    /// </summary>
    public static bool Decays(Tensor parameter)
    {
        string name = parameter.Name!;
        return parameter.Shape.Length != 1 && !name.EndsWith(".bias", StringComparison.Ordinal)
            && name is not ("pos_embed" or "cls_token" or "prompt_pixels")
            && !(name.StartsWith("additional_scan.", StringComparison.Ordinal)
                && name.Contains(".A_log", StringComparison.Ordinal));
    }

    /// <summary>Whether the parameter belongs to the classification head.</summary>
    public static bool IsHead(string name) => name.StartsWith("head.", StringComparison.Ordinal);

    /// <summary>
    /// The scales of the rows of <paramref name="parameter"/> (along its first dimension), or one for all of it. The
    /// embedding and prompts in the image count 0, layer i and its prompts i + 1, head and final norm depth + 1; the
    /// scale is decay^(depth + 1 - count). A prompt that several layers share counts as the first of them.
    /// </summary>
    internal double[] ScalesOf(Tensor parameter, int depth)
    {
        string name = parameter.Name!;
        double group = IsHead(name) ? HeadScale
            : name.StartsWith("prompt_", StringComparison.Ordinal) ? PromptScale : 1;
        if (LayerDecay == 1)
            return [group];
        if (name is "prompt_scale" or "prompt_shared_scale")
        {
            int step = name == "prompt_scale" ? 1 : SharedLayers;
            return [.. Enumerable.Range(0, parameter.Shape[0])
                .Select(row => group * Power(depth, Math.Min(row * step, depth - 1) + 1))];
        }

        return [group * Power(depth, LayerOf(name, depth))];
    }

    private int LayerOf(string name, int depth)
    {
        if (name is "cls_token" or "pos_embed" or "prompt_pixels"
            || name.StartsWith("patch_embed.", StringComparison.Ordinal))
            return 0;
        string[] parts = name.Split('.');
        if (parts.Length > 1 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int index))
        {
            if (parts[0] is "layers" or "prompt_generator" or "prompt_tokens" or "prompt_affix"
                or "lora" or "adapter" or "additional_scan")
                return Math.Min(index, depth - 1) + 1;
            if (parts[0] == "prompt_generator_shared")
                return Math.Min(index * SharedLayers, depth - 1) + 1;
        }

        return depth + 1;
    }

    private double Power(int depth, int layer) => Math.Pow(LayerDecay, depth + 1 - layer);
}
