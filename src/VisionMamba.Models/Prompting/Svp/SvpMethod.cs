using System.Text.Json.Nodes;
using VisionMamba.Tensors;

namespace VisionMamba.Models.Prompting.Svp;

/// <summary>
/// Selective visual prompting (SVP, AAAI 2025, arXiv 2412.08947). Before layer i every token but the class token
/// becomes x + alpha_j SiLU(Cross_j x) + beta_i SiLU(Inner_i x), where Cross_j is a linear layer D -> D shared by the
/// layers of group j = i / sharedLayers, and Inner_i two linear layers D -> h -> D of layer i alone. alpha and beta
/// start at zero, so training starts at the frozen backbone. Either prompt may be left out, with its scale.
/// </summary>
public sealed class SvpMethod(SvpConfig config) : TuningMethod
{
    private readonly List<(Tensor Weight, Tensor Bias)> _cross = [];
    private readonly List<(Tensor Down, Tensor DownBias, Tensor Up, Tensor UpBias)> _inner = [];
    private Tensor? _alpha, _beta;
    private int _layers;

    /// <inheritdoc/>
    public override string Name => "svp";

    /// <summary>The settings.</summary>
    public SvpConfig Config { get; } = config;

    /// <inheritdoc/>
    public override int SharedLayers => Config.SharedLayers;

    /// <inheritdoc/>
    public override JsonObject Settings => new()
    {
        ["shared_layers"] = Config.SharedLayers,
        ["inner_width"] = Config.InnerWidth,
        ["dropout"] = Config.Dropout,
        ["prompt_depth"] = Config.PromptDepth,
        ["cross_prompt_source"] = Words.Of(Config.Source),
        ["prompts"] = Words.Of(Config.Prompts),
        ["scale_rows"] = Config.ScaleRows,
    };

    /// <summary>The words for <see cref="SvpPrompts"/>.</summary>
    public static IReadOnlyList<string> PromptWords { get; } = Words.All<SvpPrompts>();

    /// <summary>The words for <see cref="CrossPromptSource"/>.</summary>
    public static IReadOnlyList<string> Sources { get; } = Words.All<CrossPromptSource>();

    /// <summary>
    /// Makes the method from settings as <see cref="Settings"/> writes them; missing keys take the defaults.
    /// </summary>
    public static SvpMethod FromSettings(JsonObject settings)
    {
        var defaults = new SvpConfig();
        return new SvpMethod(new SvpConfig
        {
            SharedLayers = (int?)settings["shared_layers"] ?? defaults.SharedLayers,
            InnerWidth = (int?)settings["inner_width"] ?? defaults.InnerWidth,
            Dropout = (float?)settings["dropout"] ?? defaults.Dropout,
            PromptDepth = (int?)settings["prompt_depth"] ?? defaults.PromptDepth,
            Source = Words.Parse<CrossPromptSource>(
                (string?)settings["cross_prompt_source"], "cross prompt source"),
            Prompts = Words.Parse<SvpPrompts>((string?)settings["prompts"], "kind of svp prompts"),
            ScaleRows = (int?)settings["scale_rows"] ?? defaults.ScaleRows,
        });
    }

    /// <summary>
    /// Recognises SVP's parameters in a checkpoint of the released code; gives null where there are none.
    /// </summary>
    public static SvpMethod? FromShapes(IReadOnlyDictionary<string, int[]> shapes, VisionMambaConfig model)
    {
        bool inner = shapes.TryGetValue("prompt_generator.0.0.weight", out int[]? down)
            & shapes.TryGetValue("prompt_scale", out int[]? scale);
        bool cross = shapes.ContainsKey("prompt_generator_shared.0.0.weight")
            && shapes.ContainsKey("prompt_shared_scale");
        if (!inner && !cross)
            return null;
        (int layers, int groups) = CountPrompts(shapes, model);
        return new SvpMethod(new SvpConfig
        {
            SharedLayers = SharedLayersOf(layers, groups).First,
            InnerWidth = inner ? down![0] : new SvpConfig().InnerWidth,
            PromptDepth = layers == model.Depth ? 0 : layers,
            Prompts = inner && cross ? SvpPrompts.Both : inner ? SvpPrompts.Inner : SvpPrompts.Cross,
            ScaleRows = !inner || scale![0] == layers ? 0 : scale[0],
        });
    }

    /// <summary>
    /// The numbers of shared layers, from first to last, that give <paramref name="groups"/> cross prompts for
    /// <paramref name="layers"/> layers; the first divides the layers evenly wherever one does.
    /// </summary>
    public static (int First, int Last) SharedLayersOf(int layers, int groups)
    {
        groups = Math.Clamp(groups, 1, Math.Max(layers, 1));
        int first = (layers + groups - 1) / groups;
        return (first, groups == 1 ? layers : (layers - 1) / (groups - 1));
    }

    /// <summary>How many layers are prompted and how many cross prompts there are in a checkpoint.</summary>
    public static (int Layers, int Groups) CountPrompts(
        IReadOnlyDictionary<string, int[]> shapes, VisionMambaConfig model)
    {
        int Count(string prefix) => Enumerable.Range(0, model.Depth + 1)
            .TakeWhile(i => shapes.ContainsKey($"{prefix}.{i}.0.weight")).Count();
        int layers = Count("prompt_generator");
        // Cross prompts alone do not tell how many layers they serve: all.
        return (layers == 0 ? model.Depth : layers, Count("prompt_generator_shared"));
    }

    /// <inheritdoc/>
    public override void Declare(ParameterScope root, VisionMambaConfig model)
    {
        int layers = Config.PromptDepth == 0 ? model.Depth : Config.PromptDepth;
        int dim = model.Dim, width = Config.InnerWidth;
        Check(model, layers);
        _layers = layers;
        int groups = HasCross ? (layers + Config.SharedLayers - 1) / Config.SharedLayers : 0;
        if (HasInner)
            _beta = root.Parameter("prompt_scale", [Math.Max(Config.ScaleRows, layers), dim], Initial.Zeros);
        if (HasCross)
            _alpha = root.Parameter("prompt_shared_scale", [groups, dim], Initial.Zeros);
        for (int j = 0; j < groups; j++)
        {
            ParameterScope linear = root.Child("prompt_generator_shared").Child(j).Child(0);
            _cross.Add((linear.Parameter("weight", [dim, dim], Initial.FanIn(dim)),
                linear.Parameter("bias", [dim], Initial.FanIn(dim))));
        }

        for (int i = 0; i < (HasInner ? layers : 0); i++)
        {
            ParameterScope generator = root.Child("prompt_generator").Child(i);
            ParameterScope down = generator.Child(0), up = generator.Child(1);
            _inner.Add((down.Parameter("weight", [width, dim], Initial.FanIn(dim)),
                down.Parameter("bias", [width], Initial.FanIn(dim)),
                up.Parameter("weight", [dim, width], Initial.FanIn(width)),
                up.Parameter("bias", [dim], Initial.FanIn(width))));
        }
    }

    /// <inheritdoc/>
    public override bool Trains(string name) => IsHead(name) || name.StartsWith("prompt_", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override TokenSequence Prompt(Tape tape, TokenSequence sequence, int layer, ForwardContext context)
    {
        if (layer >= _layers)
            return sequence;
        Rng rng = context.Rng.Derive(1_000_000UL + (ulong)layer);
        using (tape.Enter("prompt"))
        {
            Tensor tokens = Config.Source == CrossPromptSource.Token
                ? Add(tape, sequence.Tokens, sequence.Tokens, layer, sequence.ClassToken, context, rng)
                : AddByHalves(tape, sequence, layer, context, rng);
            return sequence with { Tokens = tape.Keep(tokens) };
        }
    }

    private bool HasCross => Config.Prompts != SvpPrompts.Inner;

    private bool HasInner => Config.Prompts != SvpPrompts.Cross;

    private Tensor AddByHalves(Tape tape, TokenSequence sequence, int layer, ForwardContext context, Rng rng)
    {
        int at = sequence.ClassToken, after = sequence.Tokens.Shape[1] - at - 1;
        if (at != after)
        {
            throw new VisionMambaException(
                "svp: cross prompt source 'paired-halves' needs as many tokens before the class token as after it, "
                + $"not {at} and {after}; use 'token', or place the other method's tokens evenly");
        }

        Tensor before = tape.SliceTokens(sequence.Tokens, 0, at);
        before = Add(tape, before, before, layer, classToken: -1, context, rng.Derive(0));
        Tensor rest = tape.SliceTokens(sequence.Tokens, at + 1, after);
        rest = Add(tape, rest, before, layer, classToken: -1, context, rng.Derive(1));
        return tape.ConcatTokens(before, tape.SliceTokens(sequence.Tokens, at, 1), rest);
    }

    private Tensor Add(Tape tape, Tensor x, Tensor crossSource, int layer, int classToken,
        ForwardContext context, Rng rng)
    {
        int group = layer / Config.SharedLayers;
        // Both prompts are computed again for the backward pass: 4 % of a step's time against 12 % of its memory.
        Tensor? cross = HasCross
            ? tape.Linear(crossSource, _cross[group].Weight, _cross[group].Bias, recompute: true) : null;
        Tensor? inner = HasInner ? Inner(tape, x, layer) : null;
        return tape.SelectivePrompt(new SelectivePromptArguments(
            x, cross, inner, _alpha, group, _beta, layer, classToken,
            context.Training ? Config.Dropout : 0, rng, context.FirstImage));
    }

    private Tensor Inner(Tape tape, Tensor x, int layer)
    {
        (Tensor down, Tensor downBias, Tensor up, Tensor upBias) = _inner[layer];
        return tape.Linear(tape.Linear(x, down, downBias), up, upBias, recompute: true);
    }

    private void Check(VisionMambaConfig model, int layers)
    {
        Require(layers >= 1 && layers <= model.Depth, $"prompt depth must be 1 to {model.Depth}, not {layers}");
        Require(Config.SharedLayers >= 1 && Config.SharedLayers <= model.Depth,
            $"shared layers must be 1 to {model.Depth}, the blocks of the backbone, not {Config.SharedLayers}");
        Require(Config.InnerWidth is >= 1 and <= VisionMambaConfig.MaxSize,
            $"inner width must be 1 to {VisionMambaConfig.MaxSize}, not {Config.InnerWidth}");
        Require(Config.Dropout is >= 0 and < 1, $"prompt dropout must be at least 0 and below 1, not {Config.Dropout}");
        Require(Config.Source == CrossPromptSource.Token || model.Patches % 2 == 0,
            $"cross prompt source 'paired-halves' needs an even number of patches, not {model.Patches}; use 'token'");
    }
}
