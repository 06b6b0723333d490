using VisionMamba.Tensors;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

internal static partial class OpCases
{
    private enum NormOutputs
    {
        Both,
        Normed,
        Residual,
    }

    private static IEnumerable<OpCase> AddNorm()
    {
        foreach (NormKind kind in (NormKind[])[NormKind.RmsNorm, NormKind.LayerNorm])
        {
            yield return AddNorm(kind, 1, 1, 5, residual: false, drop: false, bias: false);
            yield return AddNorm(kind, 3, 2, 16, residual: true, drop: true, bias: true);
            yield return AddNorm(kind, 1, 3, 130, residual: true, drop: false, bias: true);
            yield return AddNorm(kind, 3, 9, 40, residual: true, drop: true, bias: false);
            yield return AddNorm(kind, 3, 17, 5, residual: false, drop: true, bias: true);
            yield return AddNorm(kind, 3, 257, 40, residual: true, drop: true, bias: true);
            yield return AddNorm(kind, 1, 257, 130, residual: false, drop: false, bias: false);
            yield return AddNorm(kind, 3, 5, 17, residual: true, drop: true, bias: true, NormOutputs.Normed);
            yield return AddNorm(kind, 3, 5, 17, residual: true, drop: true, bias: false, NormOutputs.Residual);
        }
    }

    private static OpCase AddNorm(
        NormKind kind, int batch, int length, int dim, bool residual, bool drop, bool bias,
        NormOutputs outputs = NormOutputs.Both)
    {
        const float Epsilon = 1e-2f;
        string name = $"add norm {kind} {batch}x{length}x{dim}{(residual ? " + residual" : "")}"
            + $"{(drop ? " + drop" : "")}{(bias ? " + bias" : "")} {outputs}";
        int[] shape = [batch, length, dim];
        // One sample's path is dropped.
        double[] scales = [1.25, 0, 1.25];
        List<OpInput> inputs = [Input(name, "hidden", 1, 0.7, shape)];
        // A residual output alone does not depend on the weight and the bias: they get no gradient at all.
        bool weights = outputs != NormOutputs.Residual;
        inputs.Add(Parameter(name, "weight", 0.5, 1, [dim]) with { Differentiable = weights });
        int residualAt = residual ? Add(inputs, Input(name, "residual", 1, shape)) : -1;
        int biasAt = bias ? Add(inputs, Parameter(name, "bias", 1, dim) with { Differentiable = weights }) : -1;
        return new OpCase(
            name,
            [.. inputs],
            (tape, t) =>
            {
                Tensor? factor = drop ? Tensor.From([.. scales.Take(batch).Select(s => (float)s)], batch) : null;
                (Tensor y, Tensor sum) = tape.AddNorm(new AddNormArguments(
                    kind, t[0], residual ? t[residualAt] : null, t[1], bias ? t[biasAt] : null, factor, Epsilon));
                return Select(y, sum, outputs);
            },
            v =>
            {
                (Block y, Block sum) = AddNormOracle.Forward(
                    kind, v[0], residual ? v[residualAt] : null, v[1], bias ? v[biasAt] : null,
                    drop ? scales : null, Epsilon);
                return Select(y, sum, outputs);
            })
        {
            Rented = [batch * length * 2],
        };
    }

    private static int Add(List<OpInput> inputs, OpInput input)
    {
        inputs.Add(input);
        return inputs.Count - 1;
    }

    private static T[] Select<T>(T y, T sum, NormOutputs outputs) => outputs switch
    {
        NormOutputs.Normed => [y],
        NormOutputs.Residual => [sum],
        _ => [y, sum],
    };
}
