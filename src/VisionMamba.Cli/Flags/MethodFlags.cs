using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Recipes;
using VisionMamba.Models;
using VisionMamba.Models.Prompting;
using VisionMamba.Models.Prompting.Adapter;
using VisionMamba.Models.Prompting.AdditionalScan;
using VisionMamba.Models.Prompting.Affix;
using VisionMamba.Models.Prompting.Lora;
using VisionMamba.Models.Prompting.Pixels;
using VisionMamba.Models.Prompting.Svp;
using VisionMamba.Models.Prompting.Vpt;

namespace VisionMamba.Cli.Flags;

/// <summary>How the backbone is adapted: --method and the methods' settings.</summary>
internal sealed class MethodFlags
{
    private const string SharedLayers = "shared_layers";

    private const string Vpt = "vpt-shallow vpt-deep";
    private static readonly SvpConfig s_svp = new();
    private static readonly string s_upToSize = $"1 to {VisionMambaConfig.MaxSize}";

    private readonly Option<string> _method = new("--method")
    {
        Description = $"how to adapt: {string.Join(", ", TuningMethods.All.Select(m => m.Name))}; "
            + "several joined by +; auto compares some and takes the best",
        DefaultValueFactory = _ => "svp",
    };

    private readonly MethodSetting[] _settings =
    [
        MethodSetting.Of("--shared-layers", "svp", "shared_layers", "layers that share a cross prompt",
            s_svp.SharedLayers, v => v >= 1, "at least 1"),
        MethodSetting.Of("--inner-width", "svp", "inner_width", "hidden width of the inner prompts",
            s_svp.InnerWidth, IsSize, s_upToSize),
        MethodSetting.Of("--prompt-depth", "svp", "prompt_depth", "prompted layers, 0 for all",
            s_svp.PromptDepth, v => v >= 0, "at least 0 (0 means all layers)"),
        MethodSetting.Of("--prompt-dropout", $"svp {Vpt}", "dropout", "dropout on the prompts",
            s_svp.Dropout, v => v is >= 0 and < 1, "at least 0 and below 1"),
        MethodSetting.OfWords("--cross-prompt-source", "svp", "cross_prompt_source",
            "the paper's or the released code's reading", SvpMethod.Sources),
        MethodSetting.OfWords("--svp-prompts", "svp", "prompts", "which prompts", SvpMethod.PromptWords),
        MethodSetting.Of("--partial-blocks", "partial", "blocks", "how many of the last blocks train",
            1, v => v >= 1, "at least 1"),
        MethodSetting.Of("--vp-size", "vp", "size", "width of the frame in pixels, 0 for 30 of 224",
            0, v => v >= 0, "at least 0 (0 means 30 of 224 pixels)"),
        MethodSetting.OfWords("--vp-placement", "vp", "placement", "a frame, a corner or the image",
            PixelPromptMethod.Placements),
        MethodSetting.Of("--prompt-tokens", Vpt, "tokens", "prompt tokens per layer",
            new VptConfig().Tokens, IsSize, s_upToSize),
        MethodSetting.OfWords("--prompt-placement", Vpt, "placement", "where the tokens stand", VptMethod.Placements),
        MethodSetting.Of("--prompt-project", Vpt, "project", "width that is projected to the model's, -1 for none",
            new VptConfig().Project, v => v == -1 || IsSize(v), "-1 or a width"),
        MethodSetting.Of("--affix-tokens", "affix", "tokens", "affix tokens per direction and block",
            new AffixConfig().Tokens, IsSize, s_upToSize),
        MethodSetting.Of("--affix-projection", "affix", "projection", "hidden width of the network that makes them, "
            + "0 to learn them directly", new AffixConfig().Projection, v => v == 0 || IsSize(v), "0 or a width"),
        MethodSetting.Of("--lora-sites", "lora", "sites", "projections or parts of them, joined by commas: "
            + string.Join(", ", LoraSite.All.Select(s => s.Name)), string.Join(',', new LoraConfig().Sites),
            v => v.Length > 0, "a list of sites"),
        MethodSetting.Of("--lora-rank", "lora", "rank", "rank of every site",
            new LoraConfig().Rank, IsSize, s_upToSize),
        MethodSetting.Of("--lora-alpha", "lora", "alpha", "alpha; what is added is scaled by alpha / rank, 0 for 0.1",
            new LoraConfig().Alpha, v => v >= 0, "at least 0 (0 means a tenth of the rank)"),
        MethodSetting.Of("--lora-dropout", "lora", "dropout", "dropout between the two factors",
            new LoraConfig().Dropout, v => v is >= 0 and < 1, "at least 0 and below 1"),
        MethodSetting.OfWords("--adapter-mode", "adapter", "mode", "where it stands", AdapterMethod.Modes),
        MethodSetting.Of("--adapter-width", "adapter", "width", "width of the bottleneck",
            new AdapterConfig().Width, IsSize, s_upToSize),
        MethodSetting.Of("--adapter-scale", "adapter", "scale", "factor of its output, 0 for 0.1, or 1 in sequence",
            new AdapterConfig().Scale, v => v >= 0, "at least 0"),
        MethodSetting.Of("--adapter-dropout", "adapter", "dropout", "dropout in the bottleneck",
            new AdapterConfig().Dropout, v => v is >= 0 and < 1, "at least 0 and below 1"),
        MethodSetting.Of("--extra-states", "additional-scan", "states", "states added to every channel's scan",
            new AdditionalScanConfig().States, IsSize, s_upToSize),
        MethodSetting.OfWords("--extra-start", "additional-scan", "start",
            "initial values: as published, or such that training starts at the frozen backbone",
            AdditionalScanMethod.Starts),
    ];

    private readonly Option<int> _head = new("--head-layers")
    {
        Description = "linear layers of the head, 1 or 2",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<bool> _simAm = new("--simam") { Description = "apply SimAM attention to the input image" };

    public IEnumerable<Option> All => [_method, .. _settings.Select(s => s.Flag), _head, _simAm];

    /// <summary>
    /// The method with its settings, for a backbone of <paramref name="depth"/> blocks; a setting that none of the
    /// methods named has is refused.
    /// </summary>
    public TuningMethod Read(ParseResult parsed, int depth)
    {
        string name = parsed.GetValue(_method)!;
        string[] names = name.Split('+');
        if (names.FirstOrDefault(n => TuningMethods.All.All(m => m.Name != n)) is { } unknown)
        {
            string which = names.Length > 1 ? $"'{unknown}' is " : "";
            throw new UsageException($"--method {name}: {which}unknown; known are "
                + string.Join(", ", TuningMethods.All.Select(m => m.Name)));
        }

        if (!parsed.IsGiven(GivenFlags.MayLieIdle)
            && Foreign(names).FirstOrDefault(s => s.IsGiven(parsed)) is { } unused)
        {
            string owners = string.Join(" and ", unused.Methods);
            throw new UsageException($"{unused.Flag.Name}: is a setting of --method {owners}, not of '{name}'");
        }

        if (parsed.GetValue(_head) is not (1 or 2))
            throw new UsageException($"{_head.Name}: must be 1 or 2");
        return Create(name, names, parsed, depth);
    }

    /// <summary>Refuses a name, or a part of one, that is no method's.</summary>
    public void CheckNames(string flag, IEnumerable<string> methods)
    {
        if (methods.SelectMany(m => m.Split('+')).FirstOrDefault(
            n => TuningMethods.All.All(m => m.Name != n)) is { } unknown)
        {
            throw new UsageException($"{flag}: '{unknown}' is unknown; known are "
                + string.Join(", ", TuningMethods.All.Select(m => m.Name)));
        }
    }

    /// <summary>Refuses a given setting that none of the methods has.</summary>
    public void RefuseForeign(ParseResult parsed, IReadOnlyList<string> methods)
    {
        string[] names = [.. methods.SelectMany(m => m.Split('+'))];
        if (Foreign(names).FirstOrDefault(s => s.IsGiven(parsed)) is { } unused)
            throw new UsageException($"{unused.Flag.Name}: is a setting of --method "
                + $"{string.Join(" and ", unused.Methods)}, which is not compared");
    }

    /// <summary>A command line's words without the settings that <paramref name="method"/> has not.</summary>
    public IReadOnlyList<string> Without(IReadOnlyList<string> given, string method)
    {
        string[] foreign = [.. Foreign(method.Split('+')).Select(s => s.Flag.Name)];
        return GivenFlags.Without(given, foreign);
    }

    /// <summary>The settings that none of the methods has.</summary>
    private IEnumerable<MethodSetting> Foreign(string[] methods) =>
        _settings.Where(s => !s.Methods.Intersect(methods).Any());

    public int HeadLayers(ParseResult parsed) => parsed.GetValue(_head);

    public bool SimAm(ParseResult parsed) => parsed.GetValue(_simAm);

    private static bool IsSize(int value) => value is >= 1 and <= VisionMambaConfig.MaxSize;

    private TuningMethod Create(string name, string[] names, ParseResult parsed, int depth)
    {
        // The published number suits published depths; a shallower backbone shares as far as it goes.
        JsonNode? Value(MethodSetting s) => s.Key == SharedLayers && !RecipeFlag.Says(parsed, s.Flag.Name)
            ? Math.Min((int)s.Read(parsed)!, depth) : s.Read(parsed);
        JsonObject Settings(string method) => new(_settings.Where(s => s.Methods.Contains(method))
            .Select(s => KeyValuePair.Create(s.Key, Value(s))));
        try
        {
            return TuningMethods.Create(name, names.Length == 1 ? Settings(name)
                : new JsonObject(names.Distinct().Select(n => KeyValuePair.Create(n, (JsonNode?)Settings(n)))));
        }
        catch (VisionMambaException e)
        {
            throw new UsageException($"--method {name}: {e.Message}");
        }
    }
}
