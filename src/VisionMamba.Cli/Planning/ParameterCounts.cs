using VisionMamba.Models;
using VisionMamba.Tensors;

namespace VisionMamba.Cli.Planning;

/// <summary>A model's parameters counted by what they belong to.</summary>
internal sealed record ParameterCounts(IReadOnlyDictionary<string, long> Counts, long Trainable, long Total)
{
    /// <summary>Counts backbone, prompts by kind, and head.</summary>
    public static ParameterCounts Of(ParameterSet parameters)
    {
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (Tensor parameter in parameters.All)
        {
            string group = Group(parameter.Name!);
            counts[group] = counts.GetValueOrDefault(group) + parameter.Count;
        }

        return new ParameterCounts(counts, parameters.Trainable.Sum(p => p.Count), parameters.All.Sum(p => p.Count));
    }

    /// <summary>Everything the prompts add: generators and scales.</summary>
    public long Prompts => Counts.Where(c => c.Key.StartsWith("prompt", StringComparison.Ordinal)).Sum(c => c.Value);

    private static string Group(string name)
    {
        string first = name.Split('.')[0];
        return first switch
        {
            "head" => "head",
            "prompt_generator_shared" => "prompts: cross",
            "prompt_generator" => "prompts: inner",
            "prompt_pixels" => "prompts: pixels",
            "prompt_tokens" or "prompt_projection" => "prompts: tokens",
            "prompt_affix" => "prompts: affixes",
            _ when first.StartsWith("prompt", StringComparison.Ordinal) => "prompts: scales",
            _ when IsBackbone(first) => "backbone",
            _ => "method",
        };
    }

    private static bool IsBackbone(string first) =>
        first is "cls_token" or "pos_embed" or "patch_embed" or "layers" or "norm_f";
}
