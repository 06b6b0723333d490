using System.Text.Json.Nodes;
using VisionMamba.Tensors;

namespace VisionMamba.Models.Prompting.Adapter;

/// <summary>
/// Adapters: a bottleneck f(t) = W_up drop(relu(W_down t + b_down)) + b_up of width w in every block. With h the
/// mixer's input (the normalised tokens), g the input of out_proj and y = mixer(h), the block's output is
/// y + s f(y) in sequence (Houlsby et al., ICML 2019, arXiv 1902.00751), y + s f(h) in parallel (AdaptFormer, Chen et
/// al., NeurIPS 2022, arXiv 2205.13535), or y + s f(g) beside out_proj (MambaPEFT, arXiv 2411.03855). W_up and b_up
/// start at zero, so training starts at the frozen backbone. Parameters per block: w (k + D) + w + D, where k is D, and
/// the inner width E beside out_proj. The relu stands between the factors, so it does not merge into the weights.
/// </summary>
public sealed class AdapterMethod(AdapterConfig config) : TuningMethod
{
    private const ulong Stream = 4_000_000;
    private readonly List<(Tensor Down, Tensor DownBias, Tensor Up, Tensor UpBias)> _layers = [];

    /// <summary>The words for <see cref="AdapterMode"/>.</summary>
    public static IReadOnlyList<string> Modes { get; } = Words.All<AdapterMode>();

    /// <summary>The settings.</summary>
    public AdapterConfig Config { get; } = config;

    /// <inheritdoc/>
    public override string Name => "adapter";

    /// <inheritdoc/>
    public override JsonObject Settings => new()
    {
        ["mode"] = Words.Of(Config.Mode),
        ["width"] = Config.Width,
        ["scale"] = Config.Scale,
        ["dropout"] = Config.Dropout,
    };

    /// <summary>Makes the method from its settings; missing keys take the defaults.</summary>
    public static AdapterMethod FromSettings(JsonObject settings)
    {
        var defaults = new AdapterConfig();
        var method = new AdapterMethod(new AdapterConfig
        {
            Mode = Words.Parse<AdapterMode>((string?)settings["mode"], "adapter mode"),
            Width = (int?)settings["width"] ?? defaults.Width,
            Scale = (float?)settings["scale"] ?? defaults.Scale,
            Dropout = (float?)settings["dropout"] ?? defaults.Dropout,
        });
        method.Check();
        return method;
    }

    /// <inheritdoc/>
    public override void Declare(ParameterScope root, VisionMambaConfig model)
    {
        Check();
        int inputs = Config.Mode == AdapterMode.OutProj ? model.Inner : model.Dim;
        for (int i = 0; i < model.Depth; i++)
        {
            ParameterScope layer = root.Child("adapter").Child(i), down = layer.Child("down"), up = layer.Child("up");
            _layers.Add((
                down.Parameter("weight", [Config.Width, inputs], Initial.FanIn(inputs)),
                down.Parameter("bias", [Config.Width], Initial.Zeros),
                up.Parameter("weight", [model.Dim, Config.Width], Initial.Zeros),
                up.Parameter("bias", [model.Dim], Initial.Zeros)));
        }
    }

    /// <inheritdoc/>
    public override bool Trains(string name) => IsHead(name) || name.StartsWith("adapter.", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override Tensor Adapt(Tape tape, int layer, MixerSite site, Tensor x, Tensor y, ForwardContext context) =>
        Config.Mode == AdapterMode.OutProj && site == MixerSite.OutProj ? Add(tape, layer, x, y, context) : y;

    /// <inheritdoc/>
    public override bool ReadsMixerInput => Config.Mode == AdapterMode.Parallel;

    /// <inheritdoc/>
    public override Tensor AfterMixer(Tape tape, int layer, Tensor h, Tensor y, ForwardContext context) =>
        Config.Mode switch
        {
            AdapterMode.Parallel => Add(tape, layer, h, y, context),
            AdapterMode.Sequential => Add(tape, layer, y, y, context),
            _ => y,
        };

    /// <summary>y + s f(t).</summary>
    private Tensor Add(Tape tape, int layer, Tensor t, Tensor y, ForwardContext context)
    {
        var adapter = _layers[layer];
        Tensor low = tape.Activate(new ActivateArguments(
            tape.Linear(t, adapter.Down, adapter.DownBias), Relu: true, context.Training ? Config.Dropout : 0,
            context.Rng.Derive(Stream + (ulong)layer), context.FirstImage));
        return tape.AddColumns(y, tape.Linear(low, adapter.Up, adapter.UpBias), 0, Config.Factor);
    }

    private void Check()
    {
        Require(Config.Width is >= 1 and <= VisionMambaConfig.MaxSize,
            $"width must be 1 to {VisionMambaConfig.MaxSize}, not {Config.Width}");
        Require(Config.Scale >= 0 && float.IsFinite(Config.Scale), $"scale must be at least 0, not {Config.Scale}");
        Require(Config.Dropout is >= 0 and < 1, $"dropout must be at least 0 and below 1, not {Config.Dropout}");
    }
}
