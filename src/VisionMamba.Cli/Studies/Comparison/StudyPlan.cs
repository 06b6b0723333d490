using System.Globalization;
using System.Text.Json;
using VisionMamba.Cli.Devices;
using VisionMamba.Cli.Recipes;
using VisionMamba.Data.Datasets;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>The runs of a study, in order, and the flags of each.</summary>
/// <param name="File">The study.</param>
/// <param name="Backbone">The checkpoint's path.</param>
/// <param name="ImageSize">The backbone's image side: what rendered tasks are rendered at.</param>
/// <param name="Folders">The tasks' folders by name; a rendered task has none.</param>
/// <param name="Cells">Every method on every one of its tasks, methods of sweeps last.</param>
internal sealed record StudyPlan(
    StudyFile File, string Backbone, int ImageSize, IReadOnlyDictionary<string, string> Folders,
    IReadOnlyList<StudyCell> Cells)
{
    /// <summary>What all runs are computed in.</summary>
    public string Precision { get; init; } = DeviceFlags.Full;

    /// <summary>The flag of the precision; none for fp32.</summary>
    public IReadOnlyList<string> PrecisionFlag => Precision == DeviceFlags.Full ? [] : ["--precision", Precision];

    /// <summary>
    /// Plans <paramref name="file"/> for these tasks and methods, or all where null. A method's sweeps are named with
    /// it, and it with them where they take its rate.
    /// </summary>
    public static StudyPlan Of(
        StudyFile file, string backbone, int imageSize, IReadOnlyDictionary<string, string> folders,
        IReadOnlyList<string>? tasks, IReadOnlyList<string>? methods)
    {
        Known("--tasks", tasks, file.Tasks.Select(t => t.Name));
        Known("--methods", methods, file.Methods.Select(m => m.Name));
        var cells = new List<StudyCell>();
        foreach (IGrouping<bool, StudyMethod> kind in file.Methods.GroupBy(m => m.Sweep is not null))
        {
            foreach (StudyTask task in file.Tasks.Where(t => tasks?.Contains(t.Name) != false))
            {
                foreach (StudyMethod method in kind.Where(m => IsPlanned(file, task, m, methods)))
                {
                    cells.Add(Cell(file, task, method, file.SweepsTakeRate && method.Sweep is { } sweep
                        ? cells.Single(c => c.Task == task && c.Method.Name == sweep.Of) : null));
                }
            }
        }

        return new StudyPlan(file, backbone, imageSize, folders, cells);
    }

    private static bool IsPlanned(StudyFile file, StudyTask task, StudyMethod method, IReadOnlyList<string>? names)
    {
        bool Named(StudyMethod m) => names?.Contains(m.Name) != false
            || (m.Sweep is { } sweep && names.Contains(sweep.Of));
        bool On(StudyMethod m) => m.Tasks?.Contains(task.Name) != false;
        return On(method) && (Named(method) || (file.SweepsTakeRate
            && file.Methods.Any(m => m.Sweep?.Of == method.Name && Named(m) && On(m))));
    }

    /// <summary>
    /// The flags of a run with this learning rate but for those that belong to the machine: they are recorded, so that
    /// a study does not go on with other settings than it began with.
    /// </summary>
    public IReadOnlyList<string> Arguments(StudyUnit unit, double rate)
    {
        Dictionary<string, JsonElement> options = Options(unit);
        List<string> arguments = ["--method", unit.Method.Method];
        foreach ((string key, JsonElement value) in options.OrderBy(o => o.Key, StringComparer.Ordinal))
        {
            arguments.Add("--" + key.Replace('_', '-'));
            arguments.AddRange(RecipeOptions.Tokens(value));
        }

        if (ProceduralDatasets.Has(DataSet(options)) && !options.ContainsKey("render_size"))
        {
            string side = options.TryGetValue("image_size", out JsonElement given)
                ? given.GetRawText() : ImageSize.ToString(CultureInfo.InvariantCulture);
            arguments.AddRange(["--render-size", side]);
        }

        return
        [
            .. arguments, "--split-seed", File.SplitSeed.ToString(CultureInfo.InvariantCulture),
            "--lr", StudyUnit.Number(rate), "--seed", unit.Seed.ToString(CultureInfo.InvariantCulture),
            .. PrecisionFlag,
        ];
    }

    /// <summary>Where the images and the backbone are on this machine.</summary>
    public IReadOnlyList<string> Places(StudyUnit unit) =>
    [
        "--backbone", Backbone, .. Folders.TryGetValue(unit.Task.Name, out string? folder) ? ["--data", folder]
            : Array.Empty<string>(),
    ];

    /// <summary>The study's options, over them the task's, over them the method's.</summary>
    private Dictionary<string, JsonElement> Options(StudyUnit unit)
    {
        var options = new Dictionary<string, JsonElement>(File.Options);
        foreach ((string key, JsonElement value) in unit.Task.Options.Concat(unit.Method.Options))
            options[key] = value;
        return options;
    }

    /// <summary>The data set that options name; null for a folder.</summary>
    public static string? DataSet(IReadOnlyDictionary<string, JsonElement> options) =>
        options.TryGetValue("data_set", out JsonElement value) ? value.GetString() : null;

    private static StudyCell Cell(StudyFile file, StudyTask task, StudyMethod method, StudyCell? rateFrom)
    {
        StudyUnit[] seeds = [.. file.Seeds.Select(s => new StudyUnit(task, method, null, s))];
        if (rateFrom is not null)
            return new StudyCell(task, method, [], seeds) { RateFrom = rateFrom };
        StudyUnit[] Tuned(IEnumerable<double> rates) =>
            [.. rates.Select(r => new StudyUnit(task, method, r, file.Seeds[0]))];
        double[] rising = [.. file.Rates.Order()], falling = [.. rising.Reverse()];
        return new StudyCell(task, method, file.Rates.Count == 1 ? [] : Tuned(file.Rates), seeds)
        {
            Below = Tuned(Beyond(falling, file.RatesBeyond)),
            Above = Tuned(Beyond(rising, file.RatesBeyond)),
        };
    }

    /// <summary>Rates that go on after the last two as far as those are apart, in six digits.</summary>
    private static IEnumerable<double> Beyond(double[] rates, int count) => Enumerable.Range(1, count).Select(
        i => double.Parse((rates[^1] * Math.Pow(rates[^1] / rates[^2], i)).ToString("G6", CultureInfo.InvariantCulture),
            CultureInfo.InvariantCulture));

    private static void Known(string flag, IReadOnlyList<string>? given, IEnumerable<string> names)
    {
        if (given?.FirstOrDefault(g => !names.Contains(g)) is { } unknown)
            throw new UsageException($"{flag} {unknown}: is not in the study; it has {string.Join(", ", names)}");
    }
}
