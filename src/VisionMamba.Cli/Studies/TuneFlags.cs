using System.CommandLine;
using VisionMamba.Cli.Flags;

namespace VisionMamba.Cli.Studies;

/// <summary>What svp tune searches and how long.</summary>
internal sealed class TuneFlags
{
    // From the published rates to those that prompts on a small backbone want (docs/study.md).
    private static readonly double[] s_rates = [1e-3, 5e-3, 2e-2, 8e-2, 0.32], s_decays = [0, 1e-5, 1e-4, 1e-3],
        s_widths = [32, 64, 128];

    private readonly Option<double[]> _rates = List(
        "--tune-lr", $"learning rates; random search draws between the ends ({Text(s_rates)})");
    private readonly Option<double[]> _decays = List("--tune-weight-decay", $"weight decays ({Text(s_decays)})");
    private readonly Option<double[]> _shared = List(
        "--tune-shared-layers", "svp: layers that share a cross prompt (a sixth, a third, half of the depth)");
    private readonly Option<double[]> _widths = List("--tune-inner-width", $"svp: inner widths ({Text(s_widths)})");

    private readonly Option<int> _trials = new(
        "--trials")
    { Description = "runs at most", DefaultValueFactory = _ => 12 };

    private readonly Option<string> _search = new("--search")
    {
        Description = "random, or grid: every combination",
        DefaultValueFactory = _ => "random",
    };

    public TuneFlags() => _search.AcceptOnlyFromAmong("random", "grid");

    public IEnumerable<Option> All => [_trials, _search, _rates, _decays, _shared, _widths];

    /// <summary>The trials' flags, in order.</summary>
    public IReadOnlyList<SeriesRun> Trials(ParseResult parsed, string method, int depth, ulong seed)
    {
        int trials = parsed.GetValue(_trials);
        if (trials < 1)
            throw new UsageException($"--trials {trials}: must be at least 1");
        SearchSpace space = Space(parsed, method, depth);
        if (space.Dimensions.Count == 0)
        {
            throw new UsageException(
                "nothing is left to search: every searched option is given; leave out --lr, --weight-decay, "
                + "--shared-layers or --inner-width");
        }

        bool grid = parsed.GetValue(_search) == "grid";
        if (grid && space.Points > trials)
        {
            throw new UsageException(
                $"--search grid: has {space.Points} points, more than --trials {trials}; raise --trials, give fewer "
                + "values, or take --search random");
        }

        IEnumerable<IReadOnlyList<string>> points = grid ? space.Grid() : Enumerable.Range(0, trials).Select(
            i => space.Random(seed, i));
        return [.. points.Select((point, i) => new SeriesRun($"trial-{i + 1:D3}", point))];
    }

    private SearchSpace Space(ParseResult parsed, string method, int depth)
    {
        var dimensions = new List<(string, IReadOnlyList<double>)>();
        void Add(string flag, Option<double[]> list, params double[] standard)
        {
            bool isFixed = parsed.IsGiven(flag);
            double[] values = parsed.GetValue(list) ?? [];
            if (isFixed && values.Length > 0)
                throw new UsageException($"{flag} and {list.Name}: give one of them; {flag} holds it fixed");
            if (!isFixed)
                dimensions.Add((flag, values.Length > 0 ? values : standard));
        }

        Add("--lr", _rates, s_rates);
        Add("--weight-decay", _decays, s_decays);
        if (method == "svp")
        {
            Add("--shared-layers", _shared,
                [.. new[] { depth / 6, depth / 3, depth / 2 }.Select(n => (double)Math.Max(n, 1)).Distinct()]);
            Add("--inner-width", _widths, s_widths);
        }
        else if (parsed.IsGiven(_shared) || parsed.IsGiven(_widths))
        {
            throw new UsageException(
                $"{_shared.Name} and {_widths.Name}: are settings of --method svp, not of '{method}'");
        }

        return new SearchSpace(dimensions);
    }

    private static Option<double[]> List(string name, string description) =>
        new(name) { Description = description, AllowMultipleArgumentsPerToken = true };

    private static string Text(double[] values) =>
        string.Join(' ', values.Select(v => v.ToString(System.Globalization.CultureInfo.InvariantCulture)));
}
