using System.Globalization;
using System.Text.Json.Nodes;
using VisionMamba.Tensors;

namespace VisionMamba.Models.Prompting.Vpt;

/// <summary>
/// Visual prompt tuning (VPT, Jia et al., ECCV 2022, arXiv 2203.12119). Shallow (equations 4-6): n learned tokens P_0
/// join the embedded image tokens, with no position embedding, and go through all blocks. Deep (equations 7-8): before
/// every later block i the outputs at their places are dropped and fresh tokens P_i stand there.
/// In Vim what enters block i is residual + drop_path(hidden). Replacing only the hidden half would leave the former
/// prompts' residual in place, so deep prompts take the residual's place and hidden becomes 0 there: the block sees
/// exactly P_i, whatever drop path decides, as in a ViT, whose stream is one tensor. The published adaptation to Vim
/// (prompt tuning in MambaPEFT, arXiv 2411.03855) is shallow, at both ends of the sequence. The class token's index
/// moves with the tokens before it. Numbers: n D per layer (1 or depth), or with a projection of width w: n w per layer
/// + w D + D.
/// </summary>
public sealed class VptMethod(VptConfig config, bool deep) : TuningMethod
{
    private const ulong Stream = 1_100_000;

    private readonly List<Tensor> _prompts = [];
    private Tensor? _projection, _projectionBias;
    private PromptOrder? _order;
    private (int Length, int ClassToken) _of;

    /// <summary>The settings.</summary>
    public VptConfig Config { get; } = config;

    /// <summary>Whether every block gets prompts of its own.</summary>
    public bool Deep { get; } = deep;

    /// <inheritdoc/>
    public override string Name => Deep ? "vpt-deep" : "vpt-shallow";

    /// <inheritdoc/>
    public override JsonObject Settings => new()
    {
        ["tokens"] = Config.Tokens,
        ["placement"] = Words.Of(Config.Placement),
        ["dropout"] = Config.Dropout,
        ["project"] = Config.Project,
    };

    /// <summary>The words for <see cref="PromptPlacement"/>.</summary>
    public static IReadOnlyList<string> Placements { get; } = Words.All<PromptPlacement>();

    /// <summary>Makes the method from its settings; missing keys take the defaults.</summary>
    public static VptMethod FromSettings(JsonObject settings, bool deep)
    {
        var defaults = new VptConfig();
        return new VptMethod(
            new VptConfig
            {
                Tokens = (int?)settings["tokens"] ?? defaults.Tokens,
                Placement = Words.Parse<PromptPlacement>((string?)settings["placement"], "prompt placement"),
                Dropout = (float?)settings["dropout"] ?? defaults.Dropout,
                Project = (int?)settings["project"] ?? defaults.Project,
            },
            deep);
    }

    /// <inheritdoc/>
    public override void Declare(ParameterScope root, VisionMambaConfig model)
    {
        Check(model);
        int width = Config.Project < 0 ? model.Dim : Config.Project;
        // Xavier's uniform bound as published: sqrt(6 / (patch numbers + width)).
        Initialiser initial = Initial.Uniform(
            Math.Sqrt(6.0 / ((model.Channels * model.Patch * model.Patch) + width)));
        ParameterScope prompts = root.Child("prompt_tokens");
        for (int i = 0; i < (Deep ? model.Depth : 1); i++)
        {
            string layer = i.ToString(CultureInfo.InvariantCulture);
            _prompts.Add(prompts.Parameter(layer, [1, Config.Tokens, width], initial));
        }

        if (Config.Project < 0)
            return;
        ParameterScope projection = root.Child("prompt_projection");
        // Kaiming's normal, fan out, as published; truncated at two deviations here.
        _projection = projection.Parameter(
            "weight", [model.Dim, width], Initial.TruncatedNormal(Math.Sqrt(2.0 / model.Dim)));
        _projectionBias = projection.Parameter("bias", [model.Dim], Initial.FanIn(width));
    }

    /// <inheritdoc/>
    public override bool Trains(string name) => IsHead(name)
        || name.StartsWith("prompt_tokens.", StringComparison.Ordinal)
        || name.StartsWith("prompt_projection.", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override TokenSequence Prompt(Tape tape, TokenSequence sequence, int layer, ForwardContext context)
    {
        if (layer >= _prompts.Count)
            return sequence;
        Tensor prompts = _projection is null ? _prompts[layer]
            : tape.Linear(_prompts[layer], _projection, _projectionBias);
        Tensor Arrange(Tensor x, Tensor? learned, TokenOrder order) => tape.ArrangeTokens(new ArrangeTokensArguments(
            x, learned, order, context.Training ? Config.Dropout : 0,
            context.Rng.Derive(Stream + (ulong)layer), context.FirstImage));
        if (sequence.Residual is not { } residual)
        {
            PromptOrder order = Order(sequence.Tokens.Shape[1], sequence.ClassToken);
            return new TokenSequence(
                Arrange(sequence.Tokens, prompts, order.Insert), order.ClassToken, Order: order.Insert);
        }

        return sequence with
        {
            Tokens = Arrange(sequence.Tokens, null, _order!.Clear),
            Residual = Arrange(residual, prompts, _order.Replace),
        };
    }

    private PromptOrder Order(int length, int classToken)
    {
        if (_order is not null && _of == (length, classToken))
            return _order;
        _of = (length, classToken);
        return _order = new PromptOrder(Config.Placement, Config.Tokens, length, classToken);
    }

    private void Check(VisionMambaConfig model)
    {
        Require(Config.Tokens is >= 1 and <= VisionMambaConfig.MaxSize,
            $"tokens must be 1 to {VisionMambaConfig.MaxSize}, not {Config.Tokens}");
        Require(Config.Placement != PromptPlacement.Spread || Config.Tokens <= model.Patches,
            $"spread placement takes at most {model.Patches} tokens, one per patch, not {Config.Tokens}");
        Require(Config.Dropout is >= 0 and < 1, $"dropout must be at least 0 and below 1, not {Config.Dropout}");
        Require(Config.Project == -1 || Config.Project is >= 1 and <= VisionMambaConfig.MaxSize,
            $"project must be -1 or a width of at least 1, not {Config.Project}");
    }
}
