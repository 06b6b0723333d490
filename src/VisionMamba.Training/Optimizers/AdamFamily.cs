using VisionMamba.Models;
using VisionMamba.Tensors;

namespace VisionMamba.Training.Optimizers;

/// <summary>AdamW (PyTorch's), or Adam with the decay in the gradient where it is coupled.</summary>
public sealed class AdamWOptimizer(ParameterSet parameters, OptimizerSettings settings, bool coupled = false)
    : Optimizer(parameters, settings, "exp_avg", "exp_avg_sq")
{
    /// <summary>AdamW with PyTorch's other defaults.</summary>
    public AdamWOptimizer(ParameterSet parameters, double weightDecay)
        : this(parameters, new OptimizerSettings { WeightDecay = weightDecay })
    {
    }

    private protected override void Update(Backend backend, Slot slot, double rate, long start, long count)
    {
        var rule = new AdamRule(rate, slot.Decay, Settings.Beta1 ?? 0.9, Settings.Beta2 ?? 0.999,
            Settings.Epsilon ?? 1e-8, Steps, coupled);
        Apply(backend, rule, slot, start, count);
    }
}

/// <summary>NAdam as PyTorch 1.13 and timm 0.4.12 have it.</summary>
public sealed class NAdamOptimizer(ParameterSet parameters, OptimizerSettings settings)
    : Optimizer(parameters, settings, "exp_avg", "exp_avg_sq")
{
    private long _counted;
    private double _product = 1;

    private protected override void Prepare(Backend backend, IReadOnlyList<Slot> slots)
    {
        // The product follows from the step alone: after a resume it is made again, factor by factor in the same order.
        if (_counted != Steps - 1)
            (_counted, _product) = (0, 1);
        while (_counted < Steps)
            _product *= NAdamRule.Momentum(Settings.Beta1 ?? 0.9, ++_counted);
    }

    private protected override void Update(Backend backend, Slot slot, double rate, long start, long count)
    {
        var rule = new NAdamRule(rate, slot.Decay, Settings.Beta1 ?? 0.9, Settings.Beta2 ?? 0.999,
            Settings.Epsilon ?? 1e-8, Steps, _product);
        Apply(backend, rule, slot, start, count);
    }
}

/// <summary>RAdam as timm 0.4.12 has it.</summary>
public sealed class RAdamOptimizer(ParameterSet parameters, OptimizerSettings settings)
    : Optimizer(parameters, settings, "exp_avg", "exp_avg_sq")
{
    private protected override void Update(Backend backend, Slot slot, double rate, long start, long count)
    {
        var rule = new RAdamRule(rate, slot.Decay, Settings.Beta1 ?? 0.9, Settings.Beta2 ?? 0.999,
            Settings.Epsilon ?? 1e-8, Steps);
        Apply(backend, rule, slot, start, count);
    }
}

/// <summary>AdaBelief as timm 0.4.12 makes it.</summary>
public sealed class AdaBeliefOptimizer(ParameterSet parameters, OptimizerSettings settings)
    : Optimizer(parameters, settings, "exp_avg", "exp_avg_var")
{
    private protected override void Update(Backend backend, Slot slot, double rate, long start, long count)
    {
        var rule = new AdaBeliefRule(rate, slot.Decay, Settings.Beta1 ?? 0.9, Settings.Beta2 ?? 0.999,
            Settings.Epsilon ?? 1e-16, Steps);
        Apply(backend, rule, slot, start, count);
    }
}

/// <summary>
/// LAMB (You et al. 2020) as timm's Lamb: the whole gradient is clipped to norm 1, and the step of a parameter that
/// decays is scaled by |w| / |u|.
/// </summary>
public sealed class LambOptimizer(ParameterSet parameters, OptimizerSettings settings)
    : Optimizer(parameters, settings, "exp_avg", "exp_avg_sq")
{
    private readonly Dictionary<string, double> _trust = [];

    private protected override void Prepare(Backend backend, IReadOnlyList<Slot> slots)
    {
        Tensor[] gradients = [.. slots.Select(s => s.Weight.Gradient).OfType<Tensor>()];
        double scale = 1 / Math.Max(Math.Sqrt(backend.SumOfSquares(gradients)), 1);
        foreach (Slot slot in slots.Where(s => s.Weight.Gradient is not null))
        {
            var rule = new LambRule(slot.Decay, Settings.Beta1 ?? 0.9, Settings.Beta2 ?? 0.999,
                Settings.Epsilon ?? 1e-6, Steps, scale);
            Apply(backend, rule, slot, 0, slot.Weight.Count);
            double weight = Math.Sqrt(backend.SumOfSquares(slot.Weight));
            double update = Math.Sqrt(backend.SumOfSquares(slot.Weight.Gradient!));
            _trust[slot.Weight.Name!] = slot.Decay != 0 && weight > 0 && update > 0 ? weight / update : 1;
        }
    }

    private protected override void Update(Backend backend, Slot slot, double rate, long start, long count) =>
        backend.Update(
            new DescentRule(rate * _trust[slot.Weight.Name!]), slot.Weight, slot.Weight.Gradient!, null, null,
            start, count);
}
