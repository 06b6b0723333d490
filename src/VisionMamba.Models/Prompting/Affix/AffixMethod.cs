using System.Globalization;
using System.Text.Json.Nodes;
using VisionMamba.Tensors;

namespace VisionMamba.Models.Prompting.Affix;

/// <summary>
/// Affix-tuning (MambaPEFT, Yoshimura et al., ICLR 2025, arXiv 2411.03855, section 3.2): prefix-tuning for Mamba. After
/// in_proj of every block n learned tokens, 2 E wide (x and z), stand before the first token that each direction's
/// convolution and scan read, different ones for the two directions; their outputs are dropped before out_proj, so
/// they act by the state they leave. Both directions are causal: with the sequence [P_forward, x, reverse(P_backward)]
/// the forward scan has not seen P_backward, nor the backward scan P_forward, when they read x, so one sequence serves
/// both and equals the two separate ones. Published for Vim: n = 3, all affixes made by
/// embedding (n, 2 E) -> Linear(2 E, h) -> tanh -> Linear(h, depth 4 E), or learned directly: 4 E n per block.
/// </summary>
public sealed class AffixMethod(AffixConfig config) : TuningMethod
{
    private readonly List<Tensor> _affixes = [];
    private readonly List<(Tensor Weight, Tensor Bias)> _forward = [], _backward = [];
    private Tensor? _embedding, _down, _downBias;
    private TokenOrder? _order;

    /// <summary>The settings.</summary>
    public AffixConfig Config { get; } = config;

    /// <inheritdoc/>
    public override string Name => "affix";

    /// <inheritdoc/>
    public override JsonObject Settings => new()
    {
        ["tokens"] = Config.Tokens,
        ["projection"] = Config.Projection,
    };

    /// <summary>Makes the method from its settings; missing keys take the defaults.</summary>
    public static AffixMethod FromSettings(JsonObject settings)
    {
        var defaults = new AffixConfig();
        return new AffixMethod(new AffixConfig
        {
            Tokens = (int?)settings["tokens"] ?? defaults.Tokens,
            Projection = (int?)settings["projection"] ?? defaults.Projection,
        });
    }

    /// <inheritdoc/>
    public override void Declare(ParameterScope root, VisionMambaConfig model)
    {
        Check();
        int width = 2 * model.Inner, hidden = Config.Projection;
        ParameterScope affix = root.Child("prompt_affix");
        // torch's Embedding starts standard normal, as published; truncated at two deviations here.
        if (hidden == 0)
        {
            for (int i = 0; i < model.Depth; i++)
            {
                _affixes.Add(affix.Parameter(
                    i.ToString(CultureInfo.InvariantCulture), [1, 2 * Config.Tokens, width],
                    Initial.TruncatedNormal(1)));
            }

            return;
        }

        _embedding = affix.Parameter("embedding", [1, Config.Tokens, width], Initial.TruncatedNormal(1));
        (_down, _downBias) = Linear(affix.Child("down"), width, hidden);
        for (int i = 0; i < model.Depth; i++)
        {
            _forward.Add(Linear(affix.Child(i).Child("forward"), hidden, width));
            _backward.Add(Linear(affix.Child(i).Child("backward"), hidden, width));
        }
    }

    /// <inheritdoc/>
    public override bool Trains(string name) =>
        IsHead(name) || name.StartsWith("prompt_affix.", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override Tensor BeforeScan(Tape tape, Tensor xz, int layer, ForwardContext context)
    {
        int length = xz.Shape[1];
        if (_order?.Length != length + (2 * Config.Tokens))
            _order = Around(length, Config.Tokens);
        return tape.ArrangeTokens(new ArrangeTokensArguments(xz, Affixes(tape, layer), _order));
    }

    /// <inheritdoc/>
    public override Tensor AfterScan(Tape tape, Tensor y, int layer) =>
        tape.SliceTokens(y, Config.Tokens, y.Shape[1] - (2 * Config.Tokens));

    /// <summary>The forward direction's tokens in front, the backward direction's reversed at the end.</summary>
    private static TokenOrder Around(int length, int tokens) => new(
        [.. Enumerable.Range(0, tokens).Select(p => ~p), .. Enumerable.Range(0, length),
            .. Enumerable.Range(0, tokens).Select(p => ~((2 * tokens) - 1 - p))]);

    private static (Tensor Weight, Tensor Bias) Linear(ParameterScope scope, int inputs, int outputs) => (
        scope.Parameter("weight", [outputs, inputs], Initial.FanIn(inputs)),
        scope.Parameter("bias", [outputs], Initial.FanIn(inputs)));

    private Tensor Affixes(Tape tape, int layer)
    {
        if (_embedding is null)
            return _affixes[layer];
        Tensor hidden = tape.Tanh(tape.Linear(_embedding, _down!, _downBias));
        return tape.ConcatTokens(
            tape.Linear(hidden, _forward[layer].Weight, _forward[layer].Bias),
            tape.Linear(hidden, _backward[layer].Weight, _backward[layer].Bias));
    }

    private void Check()
    {
        Require(Config.Tokens is >= 1 and <= VisionMambaConfig.MaxSize,
            $"tokens must be 1 to {VisionMambaConfig.MaxSize}, not {Config.Tokens}");
        Require(Config.Projection is >= 0 and <= VisionMambaConfig.MaxSize,
            $"projection must be 0 to {VisionMambaConfig.MaxSize}, not {Config.Projection}");
    }
}
