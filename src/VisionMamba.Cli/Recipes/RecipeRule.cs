using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using VisionMamba.Models.Prompting.Adapter;
using VisionMamba.Models.Prompting.AdditionalScan;
using VisionMamba.Models.Prompting.Pixels;
using VisionMamba.Models.Prompting.Svp;
using VisionMamba.Models.Prompting.Vpt;

namespace VisionMamba.Cli.Recipes;

/// <summary>Which numbers or words an option takes; the ends of a range belong to it unless they are open.</summary>
internal sealed record RecipeRule(
    double? Least = null, double? Most = null, bool OpenLeast = false, bool OpenMost = false, string[]? Words = null)
{
    private static readonly RecipeRule s_counted = new(Least: 1), s_share = new(0, 1), s_notNegative = new(Least: 0);
    private static readonly RecipeRule s_positive = new(Least: 0, OpenLeast: true);
    private static readonly RecipeRule s_below1 = new(0, 1, OpenMost: true);
    private static readonly RecipeRule s_above0 = new(0, 1, OpenLeast: true), s_inside = new(0, 1, true, true);

    /// <summary>The rules by key; an option without one takes any value of its type.</summary>
    public static IReadOnlyDictionary<string, RecipeRule> All { get; } = new Dictionary<string, RecipeRule>
    {
        ["epochs"] = s_counted,
        ["batch"] = s_counted,
        ["workers"] = s_counted,
        ["max_classes"] = new(Least: 2),
        ["max_images"] = s_counted,
        ["image_size"] = s_counted,
        ["shared_layers"] = s_counted,
        ["inner_width"] = s_counted,
        ["prompt_depth"] = s_notNegative,
        ["partial_blocks"] = s_counted,
        ["vp_size"] = s_notNegative,
        ["prompt_tokens"] = s_counted,
        ["prompt_project"] = new(Least: -1),
        ["affix_tokens"] = s_counted,
        ["affix_projection"] = s_notNegative,
        ["lora_rank"] = s_counted,
        ["lora_alpha"] = s_notNegative,
        ["lora_dropout"] = s_below1,
        ["adapter_width"] = s_counted,
        ["adapter_scale"] = s_notNegative,
        ["adapter_dropout"] = s_below1,
        ["extra_states"] = s_counted,
        ["max_steps"] = s_notNegative,
        ["warmup_epochs"] = s_notNegative,
        ["weight_decay"] = s_notNegative,
        ["clip_grad"] = s_notNegative,
        ["save_every"] = s_notNegative,
        ["lr"] = s_positive,
        ["label_smoothing"] = s_below1,
        ["drop_path"] = s_below1,
        ["prompt_dropout"] = s_below1,
        ["crop_scale"] = s_above0,
        ["crop_fraction"] = s_above0,
        ["max_test"] = s_counted,
        ["auto_budget"] = s_positive,
        ["render_size"] = new(Least: 16),
        ["validation_fraction"] = s_inside,
        ["train_fraction"] = s_above0,
        ["train_percent"] = s_inside,
        ["partition"] = new(1, 10),
        ["color_jitter"] = s_notNegative,
        ["hue_jitter"] = new(0, 0.5),
        ["hflip"] = s_share,
        ["vflip"] = s_share,
        ["reprob"] = s_share,
        ["recount"] = s_counted,
        ["mixup"] = s_notNegative,
        ["cutmix"] = s_notNegative,
        ["cutmix_minmax"] = s_share,
        ["mixup_prob"] = s_share,
        ["mixup_switch_prob"] = s_share,
        ["opt_eps"] = s_notNegative,
        ["opt_betas"] = s_below1,
        ["momentum"] = s_below1,
        ["model_ema_decay"] = s_below1,
        ["layer_decay"] = s_above0,
        ["head_lr_scale"] = s_notNegative,
        ["prompt_lr_scale"] = s_notNegative,
        ["micro_batch"] = s_notNegative,
        ["repeated_aug"] = s_counted,
        ["early_stop"] = s_notNegative,
        ["distillation_alpha"] = s_share,
        ["distillation_tau"] = s_positive,
        ["cooldown_epochs"] = s_notNegative,
        ["patience_epochs"] = s_notNegative,
        ["decay_rate"] = s_above0,
        ["decay_epochs"] = s_positive,
        ["decay_milestones"] = s_counted,
        ["warmup_lr"] = s_notNegative,
        ["min_lr"] = s_notNegative,
        ["lr_cycle_mul"] = new(1, 100),
        ["lr_cycle_limit"] = new(1, 1000),
        ["lr_k_decay"] = s_positive,
        ["lr_noise"] = s_share,
        ["lr_noise_pct"] = s_positive,
        ["lr_noise_std"] = s_notNegative,
        ["head_layers"] = new(1, 2),
        ["on_bad_image"] = new(Words: ["fail", "skip"]),
        ["cross_prompt_source"] = new(Words: [.. SvpMethod.Sources]),
        ["adapter_mode"] = new(Words: [.. AdapterMethod.Modes]),
        ["extra_start"] = new(Words: [.. AdditionalScanMethod.Starts]),
        ["svp_prompts"] = new(Words: [.. SvpMethod.PromptWords]),
        ["vp_placement"] = new(Words: [.. PixelPromptMethod.Placements]),
        ["prompt_placement"] = new(Words: [.. VptMethod.Placements]),
    };

    /// <summary>What <paramref name="value"/> should have been, or null when it is allowed.</summary>
    public string? Broken(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Array)
            return value.EnumerateArray().Select(Broken).FirstOrDefault(problem => problem is not null);
        if (Words is not null)
            return Words.Contains(value.GetString()) ? null : $"must be {string.Join(" or ", Words)}";
        double number = value.GetDouble();
        bool low = number < Least || (OpenLeast && number == Least), high = number > Most || (
            OpenMost && number == Most);
        return low || high ? "must be " + Range() : null;
    }

    /// <summary>Writes the rule into the schema of one value.</summary>
    public void Describe(JsonObject schema)
    {
        if (Words is not null)
            schema["enum"] = new JsonArray([.. Words.Select(w => (JsonNode)w)]);
        if (Least is { } least)
            schema[OpenLeast ? "exclusiveMinimum" : "minimum"] = least;
        if (Most is { } most)
            schema[OpenMost ? "exclusiveMaximum" : "maximum"] = most;
    }

    private string Range()
    {
        static string Show(double? end) => end!.Value.ToString(CultureInfo.InvariantCulture);
        string low = Least is null ? "" : (OpenLeast ? "above " : "at least ") + Show(Least);
        string high = Most is null ? "" : (OpenMost ? "below " : "at most ") + Show(Most);
        return low.Length > 0 && high.Length > 0 ? $"{low} and {high}" : low + high;
    }
}
