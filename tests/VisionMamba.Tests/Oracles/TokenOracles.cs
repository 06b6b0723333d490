namespace VisionMamba.Tests.Oracles;

internal static class TokenOracles
{
    /// <summary>The list of patches with the class token inserted at <paramref name="at"/>, plus positions.</summary>
    public static Block InsertClassToken(Block patches, Block classToken, Block? positions, int at)
    {
        int batch = patches.Shape[0], dim = patches.Columns;
        var y = new Block(batch, patches.Shape[1] + 1, dim);
        for (int sample = 0; sample < batch; sample++)
        {
            for (int c = 0; c < dim; c++)
            {
                List<double> tokens = [];
                for (int t = 0; t < patches.Shape[1]; t++)
                    tokens.Add(patches[sample, t, c]);
                tokens.Insert(at, classToken[c]);
                for (int t = 0; t < tokens.Count; t++)
                    y[sample, t, c] = tokens[t] + (positions is null ? 0 : positions[t, c]);
            }
        }

        return y;
    }

    public static Block Slice(Block x, int start, int count)
    {
        var y = new Block(x.Shape[0], count, x.Columns);
        for (int sample = 0; sample < x.Shape[0]; sample++)
        {
            for (int t = 0; t < count; t++)
            {
                for (int c = 0; c < x.Columns; c++)
                    y[sample, t, c] = x[sample, start + t, c];
            }
        }

        return y;
    }

    public static Block Concat(params Block[] parts)
    {
        var y = new Block(parts[0].Shape[0], parts.Sum(p => p.Shape[1]), parts[0].Columns);
        int i = 0;
        for (int sample = 0; sample < y.Shape[0]; sample++)
        {
            foreach (Block part in parts)
            {
                for (int j = 0; j < part.Shape[1] * part.Columns; j++)
                    y[i++] = part[(sample * part.Shape[1] * part.Columns) + j];
            }
        }

        return y;
    }
}
