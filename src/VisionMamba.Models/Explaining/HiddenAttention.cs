using VisionMamba.Tensors;

namespace VisionMamba.Models.Explaining;

/// <summary>
/// The attention that a selective scan hides (Ali et al., "The Hidden Attention of Mamba Models", arXiv 2403.01590,
/// equation 12): with its gates held, the scan is linear in its input, s_i = sum over j of alpha_ij u_j per channel,
/// with alpha_ij = sum over states n of C_i,n (product over k = j+1 .. i of exp(delta_k A_n)) delta_j B_j,n, and D
/// more where j = i. For the reversed direction "before" means after.
/// </summary>
public static class HiddenAttention
{
    /// <summary>
    /// The row alpha_i. of token <paramref name="at"/> of one sample, (length, inner); zero where the direction has not
    /// been. The scan's output there is the sum of alpha u over the tokens.
    /// </summary>
    public static float[] Row(in ScanDirection s, int sample, int at)
    {
        int length = s.U.Shape[1], inner = s.U.Columns, state = s.ALog.Columns, step = s.Reversed ? 1 : -1;
        float[] row = new float[length * inner];
        double[] decay = new double[state];
        for (int e = 0; e < inner; e++)
        {
            ReadOnlySpan<float> aLog = s.ALog.Span.Slice(e * state, state);
            ReadOnlySpan<float> c = Projected(s, sample, at)[state..];
            Array.Fill(decay, 1);
            for (int j = at; j >= 0 && j < length; j += step)
            {
                double delta = StepSize(s, sample, j, e), sum = 0;
                ReadOnlySpan<float> b = Projected(s, sample, j);
                for (int n = 0; n < state; n++)
                {
                    sum += c[n] * decay[n] * b[n];
                    decay[n] *= Math.Exp(-delta * Math.Exp(aLog[n]));
                }

                row[(j * inner) + e] = (float)((delta * sum) + (j == at ? s.D.Span[e] : 0));
            }
        }

        return row;
    }

    /// <summary>delta of a token and channel: softplus of what dt_proj made, its bias added.</summary>
    internal static double StepSize(in ScanDirection s, int sample, int token, int channel)
    {
        double x = s.Delta.Span[(((sample * s.Delta.Shape[1]) + token) * s.Delta.Columns) + channel]
            + s.DeltaBias.Span[channel];
        return Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));
    }

    /// <summary>B and then C of a token.</summary>
    internal static ReadOnlySpan<float> Projected(in ScanDirection s, int sample, int token)
    {
        int columns = s.Bc.Columns, both = 2 * s.ALog.Columns;
        int row = (sample * s.Bc.Shape[1]) + token;
        return s.Bc.Span.Slice((row * columns) + columns - both, both);
    }
}
