using VisionMamba.Models;
using VisionMamba.Tensors;

namespace VisionMamba.Training.Optimizers;

/// <summary>The numbers of an optimizer; null takes the default of the optimizer's reference.</summary>
public sealed record OptimizerSettings
{
    /// <summary>Weight decay of the parameters that decay (<see cref="ParameterGroups.Decays"/>).</summary>
    public double WeightDecay { get; init; }

    /// <summary>Momentum of sgd, momentum and rmsprop.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Decay of the first moment.</summary>
    public double? Beta1 { get; init; }

    /// <summary>Decay of the second moment.</summary>
    public double? Beta2 { get; init; }

    /// <summary>Added to the denominator.</summary>
    public double? Epsilon { get; init; }

    /// <summary>How rates differ from parameter to parameter.</summary>
    public ParameterGroups Groups { get; init; } = new();
}

/// <summary>
/// Changes a model's trainable parameters along their gradients. Its state is a set of tensors by name, zero (or as the
/// reference begins) until the first step; with <see cref="Steps"/> it is all that is needed to go on bit by bit.
/// </summary>
public abstract class Optimizer
{
    private readonly Dictionary<string, Tensor> _state = [];
    private readonly List<Slot> _slots = [];

    /// <summary>
    /// State for every trainable parameter: a tensor of its shape under each name of <paramref name="moments"/>.
    /// </summary>
    protected Optimizer(ParameterSet parameters, OptimizerSettings settings, params ReadOnlySpan<string> moments)
    {
        Settings = settings;
        int depth = 0;
        while (parameters.TryGet($"layers.{depth}.norm.weight", out _))
            depth++;
        foreach (Tensor weight in parameters.Trainable)
        {
            var states = new Tensor?[2];
            for (int i = 0; i < moments.Length; i++)
            {
                states[i] = new Tensor(weight.Shape);
                _state.Add(StateName(weight.Name!, moments[i]), states[i]!);
            }

            double decay = ParameterGroups.Decays(weight) ? settings.WeightDecay : 0;
            double[] scales = settings.Groups.ScalesOf(weight, depth);
            _slots.Add(new Slot(weight, states[0], states[1], decay, scales));
        }
    }

    /// <summary>Steps taken.</summary>
    public long Steps { get; set; }

    /// <summary>
    /// The state by name, "optimizer:MOMENT:PARAMETER" (optimizer:exp_avg:head.weight; moments as PyTorch calls them),
    /// as in checkpoints. It is written to in place.
    /// </summary>
    public IReadOnlyDictionary<string, Tensor> State => _state;

    /// <summary>Its numbers.</summary>
    protected OptimizerSettings Settings { get; }

    /// <summary>The name in <see cref="State"/> of a parameter's state called <paramref name="moment"/>.</summary>
    public static string StateName(string parameter, string moment) => $"optimizer:{moment}:{parameter}";

    /// <summary>One step at <paramref name="learningRate"/> with the gradients that have been accumulated.</summary>
    public void Step(Backend backend, double learningRate)
    {
        Steps++;
        Prepare(backend, _slots);
        using IDisposable? together = backend.GatherUpdates();
        foreach (Slot slot in _slots)
        {
            if (slot.Weight.Gradient is null)
                continue;
            long count = slot.Weight.Count / slot.Scales.Length;
            for (int row = 0; row < slot.Scales.Length; row++)
                Update(backend, slot, learningRate * slot.Scales[row], row * count, count);
        }
    }

    /// <summary>Looks at all gradients before the first parameter is changed.</summary>
    private protected virtual void Prepare(Backend backend, IReadOnlyList<Slot> slots)
    {
    }

    /// <summary>Changes the elements start .. start+count-1 of one parameter.</summary>
    private protected abstract void Update(Backend backend, Slot slot, double rate, long start, long count);

    private protected static void Apply<TRule>(Backend backend, TRule rule, Slot slot, long start, long count)
        where TRule : unmanaged, IUpdateRule =>
        backend.Update(rule, slot.Weight, slot.Weight.Gradient!, slot.First, slot.Second, start, count);

    /// <summary>One parameter with its state.</summary>
    private protected sealed record Slot(Tensor Weight, Tensor? First, Tensor? Second, double Decay, double[] Scales);
}
