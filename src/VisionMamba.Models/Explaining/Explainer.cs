using VisionMamba.Models.Prompting.Linear;
using VisionMamba.Tensors;

namespace VisionMamba.Models.Explaining;

/// <summary>
/// Looks into a model while it classifies one image. What it reads is shown by the tape and the context; a model that
/// nobody looks into does nothing for it.
/// </summary>
public sealed class Explainer
{
    private readonly VisionMambaModel _model;
    private readonly Backend _backend;
    private readonly BlockExplanation[] _blocks;
    private (int Length, int ClassToken, int[] Patches, double Magnitude) _now;
    private int _layer;
    private BlockGates? _gates;

    private Explainer(VisionMambaModel model, Backend backend)
    {
        (_model, _backend) = (model, backend);
        _blocks = new BlockExplanation[model.Config.Depth];
    }

    /// <summary>
    /// Explains class <paramref name="target"/>, or the most probable one, for <paramref name="pixels"/>, one
    /// normalised image of the model's size. The model's parameters keep their gradients.
    /// </summary>
    public static Explanation Explain(VisionMambaModel model, Backend backend, ReadOnlySpan<float> pixels, int? target)
    {
        int size = model.Config.ImageSize;
        Tensor image = Tensor.From(pixels, 1, model.Config.Channels, size, size);
        // SimAM lets no gradient through: what it makes of the image is what is explained.
        if (model.Config.SimAm)
            image = SimAm.Apply(image);
        VisionMambaModel frozen = Share(model, model.Config with { SimAm = false }, withMethod: true);
        return new Explainer(frozen, backend).Run(image, target);
    }

    /// <summary>The same weights and head without the tuning method.</summary>
    public static VisionMambaModel WithoutMethod(VisionMambaModel model) =>
        Share(model, model.Config, withMethod: false);

    private static VisionMambaModel Share(VisionMambaModel model, VisionMambaConfig config, bool withMethod)
    {
        var shared = new VisionMambaModel(
            config,
            withMethod ? Prompting.TuningMethods.Create(model.Method.Name, model.Method.Settings) : new LinearMethod(),
            seed: 0, (name, _) => model.Parameters[name].Alias());
        foreach (Tensor parameter in shared.Parameters.All)
            parameter.NeedsGradient = false;
        return shared;
    }

    private Explanation Run(Tensor image, int? target)
    {
        using var pool = new BufferPool(_backend);
        var tape = new Tape(_backend, pool, recording: true) { ScanObserver = Scan };
        image.NeedsGradient = true;
        float[] values;
        int chosen;
        Tensor one;
        using (tape.Enter("explanation"))
        {
            Tensor logits = _model.Forward(
                tape, image, new ForwardContext(false, default, 0, Watcher: Watch));
            values = logits.Span.ToArray();
            chosen = target ?? Array.IndexOf(values, values.Max());
            var pick = new Tensor(1, values.Length);
            pick.Span[chosen] = 1;
            one = tape.Linear(logits, pick, bias: null);
        }

        tape.Backward(one);
        return new Explanation(values, chosen, Products(image), _blocks);
    }

    /// <summary>Pixel times gradient, summed over the channels.</summary>
    private static float[] Products(Tensor image)
    {
        int pixels = image.Shape[2] * image.Shape[3];
        float[] sum = new float[pixels];
        for (int i = 0; i < image.Span.Length; i++)
            sum[i % pixels] += image.Span[i] * image.Gradient!.Span[i];
        return sum;
    }

    private void Watch(int layer, TokenSequence before, TokenSequence after)
    {
        int[] patches = new int[_model.Config.Patches];
        double change = 0;
        for (int m = 0; m < patches.Length; m++)
        {
            int embedded = m < _model.Config.ClassToken ? m : m + 1;
            int was = before.Order?.PlaceOf(embedded) ?? embedded;
            patches[m] = after.Order?.PlaceOf(embedded) ?? embedded;
            change += Change(Token(before.Tokens, was), Token(after.Tokens, patches[m]));
        }

        _layer = layer;
        _now = (after.Tokens.Shape[1], after.ClassToken, patches, change / patches.Length);
    }

    /// <summary>The forward direction of a block comes first.</summary>
    private void Scan(Tensor xz, ScanDirection direction)
    {
        if (!direction.Reversed)
            _gates = new BlockGates(xz.Shape[1], xz.Columns / 2, _now.Length, _now.ClassToken);
        BlockGates gates = _gates!;
        gates.Add(xz, direction);
        if (!direction.Reversed)
            return;
        float[] own = gates.OwnContributions;
        float[] Patches(float[] tokens) => [.. _now.Patches.Select(t => tokens[t])];
        HashSet<int> known = [.. _now.Patches, _now.ClassToken];
        _blocks[_layer] = new BlockExplanation
        {
            Delta = Patches(gates.Delta),
            InputGate = Patches(gates.InputGate),
            ForgetGate = Patches(gates.ForgetGate),
            Contribution = Patches(own),
            ClassContribution = own[_now.ClassToken],
            LearnedContribution =
                own.Where((_, t) => !known.Contains(t)).Sum(v => (double)v) + gates.OtherContributions,
            PromptMagnitude = _now.Magnitude,
        };
    }

    private static ReadOnlySpan<float> Token(Tensor tokens, int at) =>
        tokens.Span.Slice(at * tokens.Columns, tokens.Columns);

    private static double Change(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        double difference = 0, size = 0;
        for (int c = 0; c < before.Length; c++)
        {
            difference += Math.Pow(after[c] - before[c], 2);
            size += (double)before[c] * before[c];
        }

        return size == 0 ? 0 : Math.Sqrt(difference / size);
    }
}
