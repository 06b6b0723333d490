using VisionMamba.Models;
using VisionMamba.Tensors;

namespace VisionMamba.Training.Optimizers;

/// <summary>
/// The moving average of a model's trainable parameters (timm's ModelEmaV2): average = decay average + (1 - decay)
/// weight after every step, from the weights it starts with. Frozen parameters are the model's own.
/// </summary>
public sealed class AveragedModel
{
    private readonly ParameterSet _parameters;
    private readonly double _decay;
    private readonly Dictionary<string, Tensor> _averages;

    /// <summary>Starts at the present weights.</summary>
    public AveragedModel(ParameterSet parameters, double decay)
    {
        (_parameters, _decay) = (parameters, decay);
        _averages = parameters.Trainable.ToDictionary(p => p.Name!, p => Tensor.From(p.Span, p.Shape));
    }

    /// <summary>The averages under names that cannot be parameters', "ema:PARAMETER", for a checkpoint.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State => _averages.Select(a => ("ema:" + a.Key, a.Value));

    /// <summary>Follows the weights after a step.</summary>
    public void Follow(Backend backend)
    {
        using IDisposable? together = backend.GatherUpdates();
        foreach (Tensor weight in _parameters.Trainable)
            backend.Update(new AverageRule(_decay), _averages[weight.Name!], weight);
    }

    /// <summary>The model has the averaged weights while <paramref name="action"/> runs.</summary>
    public T With<T>(Func<T> action)
    {
        Exchange();
        try
        {
            return action();
        }
        finally
        {
            Exchange();
        }
    }

    private void Exchange()
    {
        foreach (Tensor weight in _parameters.Trainable)
        {
            Span<float> own = weight.Span, average = _averages[weight.Name!].Span;
            for (int i = 0; i < own.Length; i++)
                (own[i], average[i]) = (average[i], own[i]);
        }
    }
}
