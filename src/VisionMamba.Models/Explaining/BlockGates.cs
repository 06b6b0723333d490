using VisionMamba.Tensors;

namespace VisionMamba.Models.Explaining;

/// <summary>
/// What one block's two scans do with each token, means over both directions and all channels (and states): the step
/// delta; the input gate |delta B|, how much of a token enters the state; the forget gate exp(delta A), how much of the
/// state outlives it (near 1 keeps, near 0 forgets). And each token's part in what the scans give the class token.
/// </summary>
public sealed class BlockGates
{
    private readonly int _from, _classToken;

    /// <summary>
    /// For sample 0 of a block whose scans have <paramref name="scanned"/> tokens, of which <paramref name="length"/>
    /// are the block's own and the others stand evenly around them (affixes); both directions are to be added.
    /// </summary>
    public BlockGates(int scanned, int inner, int length, int classToken)
    {
        _from = (scanned - length) / 2;
        _classToken = classToken;
        (Delta, InputGate, ForgetGate) = (new float[length], new float[length], new float[length]);
        Contributions = [.. Enumerable.Range(0, scanned).Select(_ => new float[inner])];
    }

    /// <summary>Per token.</summary>
    public float[] Delta { get; }

    /// <summary>Per token.</summary>
    public float[] InputGate { get; }

    /// <summary>Per token.</summary>
    public float[] ForgetGate { get; }

    /// <summary>
    /// (tokens of the scan, inner): parts of the block's gated scan output at the class token, whose sum over the
    /// tokens is that output: 1/2 silu(z) alpha u of both directions.
    /// </summary>
    public float[][] Contributions { get; }

    /// <summary>The lengths of the contributions of the block's own tokens.</summary>
    public float[] OwnContributions => [.. Contributions.Skip(_from).Take(Delta.Length).Select(Norm)];

    /// <summary>The sum of the lengths of the contributions of tokens around the block's own.</summary>
    public double OtherContributions =>
        Contributions.Where((_, t) => t < _from || t >= _from + Delta.Length).Sum(c => Norm(c));

    /// <summary>
    /// Adds a direction, whose gates <paramref name="xz"/> has: half of the means, and its contributions.
    /// </summary>
    public void Add(Tensor xz, in ScanDirection direction)
    {
        AddGates(direction);
        AddContributions(xz, direction, _classToken + _from);
    }

    private static float Norm(float[] x)
    {
        double sum = 0;
        foreach (float value in x)
            sum += (double)value * value;
        return (float)Math.Sqrt(sum);
    }

    private void AddGates(in ScanDirection s)
    {
        int inner = s.U.Columns, state = s.ALog.Columns;
        double[] a = [.. s.ALog.Span.ToArray().Select(v => Math.Exp(v))];
        for (int t = 0; t < Delta.Length; t++)
        {
            double sum = 0, kept = 0, b = 0;
            foreach (float value in HiddenAttention.Projected(s, 0, t + _from)[..state])
                b += Math.Abs(value) / state;
            for (int e = 0; e < inner; e++)
            {
                double delta = HiddenAttention.StepSize(s, 0, t + _from, e);
                sum += delta;
                for (int n = 0; n < state; n++)
                    kept += Math.Exp(-delta * a[(e * state) + n]);
            }

            Delta[t] += (float)(sum / inner / 2);
            InputGate[t] += (float)(b * sum / inner / 2);
            ForgetGate[t] += (float)(kept / inner / state / 2);
        }
    }

    private void AddContributions(Tensor xz, in ScanDirection s, int at)
    {
        int inner = xz.Columns / 2;
        float[] row = HiddenAttention.Row(s, 0, at);
        for (int i = 0; i < row.Length; i++)
        {
            float z = xz.Span[(at * xz.Columns) + inner + (i % inner)];
            Contributions[i / inner][i % inner] += 0.5f * (z / (1 + MathF.Exp(-z))) * row[i] * s.U.Span[i];
        }
    }
}
