namespace VisionMamba.Tests.Oracles;

internal static class SelectivePromptOracle
{
    /// <summary>y = x + alpha silu(cross) + beta silu(inner) but at the class token; nothing is dropped.</summary>
    public static Block Forward(
        Block x, Block? cross, Block? inner, Block? alpha, int alphaRow, Block? beta, int betaRow, int classToken)
    {
        var y = new Block([.. x.Values], x.Shape);
        for (int r = 0; r < x.Rows; r++)
        {
            if (r % x.Shape[1] == classToken)
                continue;
            for (int c = 0; c < x.Columns; c++)
            {
                y[r, c] += cross is null ? 0 : alpha![alphaRow, c] * Pointwise.Silu(cross[r, c]);
                y[r, c] += inner is null ? 0 : beta![betaRow, c] * Pointwise.Silu(inner[r, c]);
            }
        }

        return y;
    }
}
