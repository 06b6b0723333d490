using VisionMamba.Tensors;

namespace VisionMamba.Models;

/// <summary>Residual addition and normalisation before a mixer, or after the last one.</summary>
internal sealed class Norm
{
    private readonly Tensor _weight;
    private readonly Tensor? _bias;
    private readonly NormKind _kind;
    private readonly float _epsilon;

    public Norm(ParameterScope scope, VisionMambaConfig c)
    {
        (_kind, _epsilon) = (c.Norm, c.Epsilon);
        _weight = scope.Parameter("weight", [c.Dim], Initial.Ones);
        _bias = c.Norm == NormKind.LayerNorm ? scope.Parameter("bias", [c.Dim], Initial.Zeros) : null;
    }

    public (Tensor Normed, Tensor Residual) Forward(Tape tape, Tensor hidden, Tensor? residual, Tensor? dropScale) =>
        tape.AddNorm(new AddNormArguments(_kind, hidden, residual, _weight, _bias, dropScale, _epsilon));
}
