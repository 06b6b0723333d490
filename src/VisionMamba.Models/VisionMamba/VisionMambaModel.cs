using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;

namespace VisionMamba.Models;

/// <summary>
/// Vision Mamba (arXiv 2401.09417): patch embedding, a class token in the middle, position embeddings, a stack of
/// pre-normalised bidirectional Mamba blocks, and a head on the class token. A tuning method may change the tokens
/// before each block and says which parameters train; the model knows no method by name.
/// </summary>
public sealed class VisionMambaModel
{
    private readonly Tensor _classToken, _positions, _patchWeight, _patchBias;
    private readonly List<Norm> _norms = [];
    private readonly List<Mixer> _mixers = [];
    private readonly List<string> _layerNames = [], _hiddenNames = [], _residualNames = [];
    private readonly Norm _finalNorm;
    private readonly ClassificationHead _head;

    /// <summary>
    /// Declares all parameters and fills them from <paramref name="seed"/>, except those that <paramref name="source"/>
    /// has. A method that adds parameters belongs to one model.
    /// </summary>
    public VisionMambaModel(VisionMambaConfig config, TuningMethod method, ulong seed, ParameterSource? source = null)
    {
        config.Validate();
        (Config, Method) = (config, method);
        method.TakeFor(config);
        var root = new ParameterScope(Parameters, seed, source);
        _classToken = root.Parameter("cls_token", [1, 1, config.Dim], Initial.TruncatedNormal(0.02));
        _positions = root.Parameter("pos_embed", [1, config.Patches + 1, config.Dim], Initial.TruncatedNormal(0.02));
        ParameterScope patch = root.Child("patch_embed").Child("proj");
        int fanIn = config.Channels * config.Patch * config.Patch;
        // LeCun normal, corrected for the truncation at two deviations.
        _patchWeight = patch.Parameter("weight", [config.Dim, config.Channels, config.Patch, config.Patch],
            Initial.TruncatedNormal(Math.Sqrt(1.0 / fanIn) / 0.87962566));
        _patchBias = patch.Parameter("bias", [config.Dim], Initial.Zeros);
        for (int i = 0; i < config.Depth; i++)
        {
            ParameterScope layer = root.Child("layers").Child(i);
            _layerNames.Add($"layers.{i}");
            _hiddenNames.Add($"layer{i}.hidden");
            _residualNames.Add($"layer{i}.residual");
            _mixers.Add(new Mixer(layer.Child("mixer"), config));
            _norms.Add(new Norm(layer.Child("norm"), config));
        }

        _finalNorm = new Norm(root.Child("norm_f"), config);
        _head = new ClassificationHead(root.Child("head"), config);
        method.Declare(root, config);
        foreach (Tensor parameter in Parameters.All)
            parameter.NeedsGradient = method.Trains(parameter.Name!);
    }

    /// <summary>The architecture.</summary>
    public VisionMambaConfig Config { get; }

    /// <summary>How it is tuned.</summary>
    public TuningMethod Method { get; }

    /// <summary>All parameters, named as in the checkpoint.</summary>
    public ParameterSet Parameters { get; } = new();

    /// <summary>
    /// The logits, (batch, 1, classes), of <paramref name="image"/>, (batch, channels, size, size), normalised.
    /// Call it inside a scope of the tape; images on the host go to the tape's device, and what the tape holds of them
    /// is freed when it has been read.
    /// </summary>
    public Tensor Forward(Tape tape, Tensor image, ForwardContext context)
    {
        TokenSequence sequence = Encode(tape, image, context);
        using (tape.Enter("head"))
            return tape.Keep(_head.Forward(tape, ClassFeature(tape, sequence, context)));
    }

    /// <summary>What the head reads, (batch, 1, dim): the class token after the last norm.</summary>
    internal Tensor Features(Tape tape, Tensor image, ForwardContext context)
    {
        TokenSequence sequence = Encode(tape, image, context);
        using (tape.Enter("head"))
            return tape.Keep(ClassFeature(tape, sequence, context));
    }

    /// <summary>The logits, (batch, 1, classes), of <see cref="Features"/>.</summary>
    internal Tensor Answer(Tape tape, Tensor features)
    {
        using (tape.Enter("head"))
            return tape.Keep(_head.Forward(tape, features));
    }

    private TokenSequence Encode(Tape tape, Tensor image, ForwardContext context)
    {
        CheckImage(image);
        TokenSequence sequence = Embed(
            tape, Config.SimAm ? SimAm.Apply(tape, image) : tape.Input(image), context);
        for (int i = 0; i < Config.Depth; i++)
        {
            using (tape.Enter(_layerNames[i]))
            {
                TokenSequence before = sequence;
                sequence = Method.Prompt(tape, sequence, i, context);
                context.Watcher?.Invoke(i, before, sequence);
                Tensor? drop = i == 0 ? null
                    : DropScale(tape, context, image.Shape[0], i, DropRate(context.DropPath, i));
                (Tensor normed, Tensor residual) =
                    _norms[i].Forward(tape, sequence.Tokens, sequence.Residual, drop);
                DropTokens(tape, before);
                DropTokens(tape, sequence);
                Tensor hidden = _mixers[i].Forward(
                    tape, normed, Method, i, context, again: i < Config.RecomputedBlocks);
                sequence = sequence with { Tokens = tape.Keep(hidden), Residual = tape.Keep(residual) };
                tape.Observe(_hiddenNames[i], hidden);
                tape.Observe(_residualNames[i], residual);
            }
        }

        return sequence;
    }

    private static void DropTokens(Tape tape, TokenSequence sequence)
    {
        tape.Drop(sequence.Tokens);
        if (sequence.Residual is not null)
            tape.Drop(sequence.Residual);
    }

    private Tensor ClassFeature(Tape tape, TokenSequence sequence, ForwardContext context)
    {
        Tensor residual = sequence.Residual!;
        Tensor? drop = DropScale(tape, context, residual.Shape[0], Config.Depth, context.DropPath);
        (Tensor tokens, _) = _finalNorm.Forward(tape, sequence.Tokens, residual, drop);
        DropTokens(tape, sequence);
        tape.Observe("tokens", tokens);
        return tape.PickToken(tokens, sequence.ClassToken);
    }

    private TokenSequence Embed(Tape tape, Tensor image, ForwardContext context)
    {
        using (tape.Enter("patch_embed"))
        {
            Tensor prompted = Method.Image(tape, image, context);
            Tensor patches = tape.PatchEmbed(prompted, _patchWeight, _patchBias, Config.Stride);
            tape.Drop(image);
            Tensor tokens = tape.InsertClassToken(patches, _classToken, _positions, Config.ClassToken);
            return new TokenSequence(tape.Keep(tokens), Config.ClassToken);
        }
    }

    // The reference gives block i the rate linspace(0, rate, depth)[i - 1]: its list starts with one extra zero.
    private float DropRate(float rate, int block) =>
        Config.Depth == 1 || block == 0 ? 0 : rate * (block - 1) / (Config.Depth - 1);

    /// <summary>Stochastic depth (arXiv 1603.09382) per sample: 0, or 1 / (1 - rate).</summary>
    private static Tensor? DropScale(Tape tape, ForwardContext context, int batch, int block, float rate)
    {
        if (!context.Training || rate <= 0)
            return null;
        Rng rng = context.Rng.Derive((ulong)block);
        Span<float> scale = batch <= 1024 ? stackalloc float[batch] : new float[batch];
        for (int sample = 0; sample < batch; sample++)
            scale[sample] = rng.Uniform((ulong)(context.FirstImage + sample)) < rate ? 0 : 1 / (1 - rate);
        return tape.Input(scale, batch);
    }

    private void CheckImage(Tensor image)
    {
        int size = Config.ImageSize;
        if (image.Shape.Length != 4 || !image.HasShape(image.Shape[0], Config.Channels, size, size))
        {
            throw new ArgumentException(
                $"the model takes images of shape (batch, {Config.Channels}, {size}, {size}), not {image}");
        }
    }
}
