using VisionMamba.Tensors;

namespace VisionMamba.Models;

/// <summary>The classifier on the class token: one linear layer, or two without a non-linearity between them.</summary>
internal sealed class ClassificationHead
{
    private readonly List<(Tensor Weight, Tensor Bias)> _layers = [];

    public ClassificationHead(ParameterScope scope, VisionMambaConfig c)
    {
        if (c.HeadLayers == 1)
        {
            Add(scope, c.Dim, c.Classes);
            return;
        }

        Add(scope.Child(0), c.Dim, c.Dim / 2);
        Add(scope.Child(1), c.Dim / 2, c.Classes);
    }

    /// <summary>(batch, 1, dim) to (batch, 1, classes).</summary>
    public Tensor Forward(Tape tape, Tensor x)
    {
        foreach ((Tensor weight, Tensor bias) in _layers)
            x = tape.Linear(x, weight, bias);
        return x;
    }

    private void Add(ParameterScope scope, int inputs, int outputs) => _layers.Add((
        scope.Parameter("weight", [outputs, inputs], Initial.TruncatedNormal(0.02)),
        scope.Parameter("bias", [outputs], Initial.Zeros)));
}
