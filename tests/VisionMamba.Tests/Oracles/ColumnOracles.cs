namespace VisionMamba.Tests.Oracles;

internal static class ColumnOracles
{
    /// <summary>y with scale x added to its columns from <paramref name="start"/>.</summary>
    public static Block Add(Block y, Block x, int start, double scale)
    {
        var sum = new Block([.. y.Values], y.Shape);
        for (int r = 0; r < y.Rows; r++)
        {
            for (int c = 0; c < x.Columns; c++)
                sum[r, start + c] += scale * x[r, c];
        }

        return sum;
    }

    /// <summary>Some columns of several blocks side by side.</summary>
    public static Block Arrange(params (Block Source, int Start, int Count)[] parts)
    {
        var y = new Block([.. parts[0].Source.Shape[..^1], parts.Sum(p => p.Count)]);
        for (int r = 0; r < y.Rows; r++)
        {
            double[] row = [.. parts.SelectMany(p => Enumerable.Range(p.Start, p.Count).Select(c => p.Source[r, c]))];
            for (int c = 0; c < row.Length; c++)
                y[r, c] = row[c];
        }

        return y;
    }

    /// <summary>max(x, 0).</summary>
    public static Block Relu(Block x) => new([.. x.Values.Select(v => Math.Max(v, 0))], x.Shape);
}
