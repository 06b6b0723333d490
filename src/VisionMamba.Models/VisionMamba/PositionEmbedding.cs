using VisionMamba.Tensors;

namespace VisionMamba.Models;

/// <summary>Which row of the position embeddings is taken for the class token's when they are resized.</summary>
public enum PositionClassToken
{
    /// <summary>The middle one, where Vim puts the class token: correct.</summary>
    Middle,

    /// <summary>The first one, as the released code has it.</summary>
    First,
}

/// <summary>Position embeddings for another number of patches.</summary>
public static class PositionEmbedding
{
    // The cubic convolution parameter of PyTorch's bicubic interpolation.
    private const double A = -0.75;

    /// <summary>
    /// Resamples the patches' rows of <paramref name="positions"/>, (1, grid^2 + 1, dim), bicubically as PyTorch's
    /// interpolate(mode="bicubic", align_corners=False) does, and keeps the class token's row.
    /// Returns (1, newGrid^2 + 1, dim) with the class token at the place that <paramref name="classToken"/> names.
    /// </summary>
    public static Tensor Resize(Tensor positions, int newGrid, PositionClassToken classToken)
    {
        int dim = positions.Columns, patches = positions.Shape[1] - 1, grid = (int)Math.Round(Math.Sqrt(patches));
        if (grid * grid != patches)
            throw new ArgumentException($"{positions} does not hold a square of patches and a class token");
        int from = classToken == PositionClassToken.Middle ? patches / 2 : 0;
        int to = classToken == PositionClassToken.Middle ? newGrid * newGrid / 2 : 0;
        var result = new Tensor(1, (newGrid * newGrid) + 1, dim);
        Row(positions, from).CopyTo(Row(result, to));
        double[] sum = new double[dim];
        for (int patch = 0; patch < newGrid * newGrid; patch++)
        {
            Array.Clear(sum);
            foreach ((int y, double wy) in Taps(patch / newGrid, grid, newGrid))
            {
                foreach ((int x, double wx) in Taps(patch % newGrid, grid, newGrid))
                {
                    int source = (y * grid) + x;
                    ReadOnlySpan<float> row = Row(positions, source < from ? source : source + 1);
                    for (int c = 0; c < dim; c++)
                        sum[c] += wy * wx * row[c];
                }
            }

            Span<float> target = Row(result, patch < to ? patch : patch + 1);
            for (int c = 0; c < dim; c++)
                target[c] = (float)sum[c];
        }

        return result;
    }

    /// <summary>
    /// The four neighbours of the centre of cell <paramref name="index"/> and their weights; edges repeat.
    /// </summary>
    private static IEnumerable<(int At, double Weight)> Taps(int index, int grid, int newGrid)
    {
        double centre = ((index + 0.5) * grid / newGrid) - 0.5;
        int first = (int)Math.Floor(centre) - 1;
        for (int i = first; i < first + 4; i++)
            yield return (Math.Clamp(i, 0, grid - 1), Weight(Math.Abs(centre - i)));
    }

    private static double Weight(double x) => x <= 1
        ? ((((A + 2) * x) - (A + 3)) * x * x) + 1
        : ((((A * x) - (5 * A)) * x) + (8 * A)) * x - (4 * A);

    private static Span<float> Row(Tensor positions, int row) =>
        positions.Span.Slice(row * positions.Columns, positions.Columns);
}
