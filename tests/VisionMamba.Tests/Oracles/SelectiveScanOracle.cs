namespace VisionMamba.Tests.Oracles;

/// <summary>One direction's inputs, in the order of the operation's record.</summary>
internal sealed record ScanInputs(Block U, Block Delta, Block Bc, Block ALog, Block D, Block DeltaBias, bool Reversed);

internal static class SelectiveScanOracle
{
    /// <summary>y = scale silu(z) (scan(forward) + scan(backward)).</summary>
    public static Block Forward(Block xz, ScanInputs forward, ScanInputs backward, double scale)
    {
        var y = new Block(forward.U.Shape);
        Block a = Scan(forward), b = Scan(backward);
        int inner = y.Columns;
        for (int r = 0; r < y.Rows; r++)
        {
            for (int c = 0; c < inner; c++)
                y[r, c] = scale * Pointwise.Silu(xz[r, inner + c]) * (a[r, c] + b[r, c]);
        }

        return y;
    }

    /// <summary>
    /// A = -exp(A_log), delta = softplus(delta + bias), h = exp(delta A) h + delta B u from h = 0, s = sum C h + D u.
    /// </summary>
    public static Block Scan(ScanInputs s)
    {
        int batch = s.U.Shape[0], length = s.U.Shape[1], inner = s.U.Columns, state = s.ALog.Columns;
        int offset = s.Bc.Columns - (2 * state);
        var y = new Block(s.U.Shape);
        for (int sample = 0; sample < batch; sample++)
        {
            for (int c = 0; c < inner; c++)
            {
                double[] h = new double[state];
                for (int step = 0; step < length; step++)
                {
                    int t = s.Reversed ? length - 1 - step : step;
                    double u = s.U[sample, t, c], delta = Pointwise.Softplus(s.Delta[sample, t, c] + s.DeltaBias[c]);
                    double sum = s.D[c] * u;
                    for (int n = 0; n < state; n++)
                    {
                        double b = s.Bc[sample, t, offset + n], cn = s.Bc[sample, t, offset + state + n];
                        h[n] = (Math.Exp(-delta * Math.Exp(s.ALog[c, n])) * h[n]) + (delta * b * u);
                        sum += cn * h[n];
                    }

                    y[sample, t, c] = sum;
                }
            }
        }

        return y;
    }
}
