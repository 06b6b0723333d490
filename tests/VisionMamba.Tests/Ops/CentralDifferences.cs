using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

/// <summary>Derivatives of an oracle's weighted outputs, from the oracle alone.</summary>
internal sealed class CentralDifferences(OpCase c)
{
    private const double Step = 1e-5;
    private readonly Block[] _weights = c.OutputWeights();

    /// <summary>d loss / d t of input + t * direction, at t = 0.</summary>
    public double Along(int input, double[] direction) =>
        (Loss(input, direction, Step) - Loss(input, direction, -Step)) / (2 * Step);

    public double Element(int input, int element)
    {
        double[] direction = new double[c.Inputs[input].Values.Count];
        direction[element] = 1;
        return Along(input, direction);
    }

    private double Loss(int input, double[] direction, double step)
    {
        Block[] inputs = [.. c.Inputs.Select(i => i.Values)];
        inputs[input] = inputs[input].Moved(direction, step);
        Block[] outputs = c.Oracle(inputs);
        double loss = 0;
        for (int o = 0; o < outputs.Length; o++)
        {
            for (int i = 0; i < outputs[o].Count; i++)
                loss += outputs[o][i] * _weights[o][i];
        }

        return loss;
    }
}
