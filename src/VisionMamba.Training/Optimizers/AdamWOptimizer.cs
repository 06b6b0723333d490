using VisionMamba.Models;
using VisionMamba.Tensors;

namespace VisionMamba.Training.Optimizers;

/// <summary>
/// AdamW over a model's trainable parameters. As in timm, weight decay spares one-dimensional parameters, biases,
/// pos_embed and cls_token.
/// </summary>
public sealed class AdamWOptimizer
{
    private const string FirstMoment = "optimizer:exp_avg:", SecondMoment = "optimizer:exp_avg_sq:";
    private readonly List<(Tensor Weight, Tensor First, Tensor Second, bool Decays)> _slots = [];
    private readonly double _weightDecay;

    /// <summary>Moments of zero for every trainable parameter of <paramref name="parameters"/>.</summary>
    public AdamWOptimizer(ParameterSet parameters, double weightDecay)
    {
        _weightDecay = weightDecay;
        foreach (Tensor weight in parameters.Trainable)
            _slots.Add((weight, new Tensor(weight.Shape), new Tensor(weight.Shape), Decays(weight)));
    }

    /// <summary>Steps taken.</summary>
    public long Steps { get; set; }

    /// <summary>The moments under names that cannot be parameters', for a checkpoint.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State => _slots.SelectMany(s => new[]
    {
        (FirstMoment + s.Weight.Name, s.First), (SecondMoment + s.Weight.Name, s.Second),
    });

    /// <summary>Whether timm's default grouping decays <paramref name="parameter"/>.</summary>
    public static bool Decays(Tensor parameter) =>
        parameter.Shape.Length != 1 && !parameter.Name!.EndsWith(".bias", StringComparison.Ordinal)
        && parameter.Name is not ("pos_embed" or "cls_token");

    /// <summary>One step at <paramref name="learningRate"/> with the gradients that have been accumulated.</summary>
    public void Step(Backend backend, double learningRate)
    {
        Steps++;
        foreach ((Tensor weight, Tensor first, Tensor second, bool decays) in _slots)
        {
            if (weight.Gradient is not { } gradient)
                continue;
            var arguments = new AdamWArguments(
                learningRate, decays ? _weightDecay : 0, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Steps);
            backend.AdamW(arguments, weight, gradient, first, second);
        }
    }
}
