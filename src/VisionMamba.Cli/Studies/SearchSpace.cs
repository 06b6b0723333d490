using System.Globalization;
using VisionMamba.Tensors;

namespace VisionMamba.Cli.Studies;

/// <summary>The values that a search may try, by flag; the learning rate comes first where it is searched.</summary>
internal sealed record SearchSpace(IReadOnlyList<(string Flag, IReadOnlyList<double> Values)> Dimensions)
{
    private const ulong Stream = 0x7A3E;

    /// <summary>How many points the grid has.</summary>
    public long Points => Dimensions.Aggregate(1L, (points, d) => points * d.Values.Count);

    /// <summary>All points, the last flag changing fastest.</summary>
    public IEnumerable<IReadOnlyList<string>> Grid()
    {
        IEnumerable<IReadOnlyList<string>> points = [[]];
        foreach ((string flag, IReadOnlyList<double> values) in Dimensions)
            points = points.SelectMany(point => values.Select(v => (IReadOnlyList<string>)[.. point, flag, Text(v)]));
        return points;
    }

    /// <summary>
    /// Point <paramref name="trial"/> of a random search: the learning rate is drawn log-uniformly between its least
    /// and
    /// its largest value (Bergstra and Bengio, JMLR 13, 2012, on why not from a grid), the others from their values.
    /// </summary>
    public IReadOnlyList<string> Random(ulong seed, int trial)
    {
        Rng rng = new Rng(seed, Stream).Derive((ulong)trial);
        var point = new List<string>();
        for (int d = 0; d < Dimensions.Count; d++)
        {
            (string flag, IReadOnlyList<double> values) = Dimensions[d];
            double u = rng.Uniform((ulong)d), least = values.Min(), most = values.Max();
            double value = flag == "--lr" && least > 0
                // Three digits: what is printed is what was tried.
                ? Rounded(least * Math.Pow(most / least, u)) : values[(int)(u * values.Count)];
            point.AddRange([flag, Text(value)]);
        }

        return point;
    }

    private static double Rounded(double value) =>
        double.Parse(value.ToString("E2", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
