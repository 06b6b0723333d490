using VisionMamba.Models;
using VisionMamba.Tensors;

namespace VisionMamba.Training.Optimizers;

/// <summary>PyTorch's SGD with momentum, or with Nesterov's.</summary>
public sealed class SgdOptimizer(ParameterSet parameters, OptimizerSettings settings, bool nesterov)
    : Optimizer(parameters, settings, "momentum_buffer")
{
    private protected override void Update(Backend backend, Slot slot, double rate, long start, long count) =>
        Apply(backend, new SgdRule(rate, slot.Decay, Settings.Momentum, nesterov), slot, start, count);
}

/// <summary>Lion (Chen et al. 2023).</summary>
public sealed class LionOptimizer(ParameterSet parameters, OptimizerSettings settings)
    : Optimizer(parameters, settings, "exp_avg")
{
    private protected override void Update(Backend backend, Slot slot, double rate, long start, long count) => Apply(
        backend, new LionRule(rate, slot.Decay, Settings.Beta1 ?? 0.9, Settings.Beta2 ?? 0.99), slot, start, count);
}

/// <summary>RMSprop with timm's alpha of 0.9, PyTorch's or TensorFlow's.</summary>
public sealed class RmsPropOptimizer : Optimizer
{
    private readonly bool _tensorFlow;

    /// <summary>TensorFlow's begins with mean squares of one, PyTorch's with zero.</summary>
    public RmsPropOptimizer(ParameterSet parameters, OptimizerSettings settings, bool tensorFlow)
        : base(parameters, settings, "momentum_buffer", "square_avg")
    {
        _tensorFlow = tensorFlow;
        foreach (KeyValuePair<string, Tensor> state in State)
        {
            if (tensorFlow && state.Key.StartsWith("optimizer:square_avg:", StringComparison.Ordinal))
                state.Value.Span.Fill(1);
        }
    }

    private protected override void Update(Backend backend, Slot slot, double rate, long start, long count)
    {
        double epsilon = Settings.Epsilon ?? (_tensorFlow ? 1e-10 : 1e-8);
        var rule = new RmsPropRule(rate, slot.Decay, alpha: 0.9, Settings.Momentum, epsilon, _tensorFlow);
        Apply(backend, rule, slot, start, count);
    }
}
