using System.Globalization;
using System.Text.Json;
using VisionMamba.Cli.Recipes;
using VisionMamba.Cli.Verbs;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>
/// What a study decides from its records: a cell's learning rate, and which runs that leaves to be made.
/// </summary>
internal static class StudyChoice
{
    /// <summary>
    /// The learning rate with the best validation top-1 after the last epoch, then the least validation loss, then the
    /// first in the grid; the only one where there is one; null where every run diverged.
    /// </summary>
    public static double? Rate(StudyFolder folder, StudyFile file, StudyCell cell) =>
        RateOf(folder, file, Tuning(folder, cell));

    /// <summary>The best of tuned runs, as <see cref="Rate"/> chooses.</summary>
    public static StudyRecord? Best(IReadOnlyList<StudyRecord> tuned) => tuned.Where(r => r.Failed is null)
        .OrderByDescending(r => r.ValidationTop1).ThenBy(r => r.ValidationLoss).ThenBy(GridPlace).FirstOrDefault();

    /// <summary>
    /// The runs that choose a cell's rate, as far as is known: the grid's and, while the best of them stands at an end,
    /// the next one beyond that end.
    /// </summary>
    public static IReadOnlyList<StudyUnit> Tuning(StudyFolder folder, StudyCell cell)
    {
        List<StudyUnit> units = [.. cell.Tuning];
        Queue<StudyUnit> below = new(cell.Below), above = new(cell.Above);
        while (units.Count > 1 && units.All(folder.IsDone) && Best(folder, units)?.LearningRate is { } best)
        {
            Queue<StudyUnit>? beyond = best == units.Min(u => u.Rate) ? below
                : best == units.Max(u => u.Rate) ? above : null;
            if (beyond is null || !beyond.TryDequeue(out StudyUnit? next))
                break;
            units.Add(next);
        }

        return units;
    }

    /// <summary>
    /// What is left to do in a cell, as far as is known: tuning, then seeds. A seed that was measured with another rate
    /// than the one that is chosen now is left, too.
    /// </summary>
    public static IReadOnlyList<StudyUnit> Left(StudyFolder folder, StudyFile file, StudyCell cell)
    {
        IReadOnlyList<StudyUnit> tuning = Tuning(folder, cell);
        if (!tuning.All(folder.IsDone))
            return [.. tuning.Where(u => !folder.IsDone(u)), .. cell.Seeds];
        double? rate = RateOf(folder, file, tuning);
        return [.. cell.Seeds.Where(seed => folder.Recorded(seed) is not { } record
            || (rate is not null && record.LearningRate != rate))];
    }

    private static double? RateOf(StudyFolder folder, StudyFile file, IReadOnlyList<StudyUnit> tuning) =>
        tuning.Count == 0 ? file.Rates[0] : Best(folder, tuning)?.LearningRate;

    private static StudyRecord? Best(StudyFolder folder, IEnumerable<StudyUnit> units) =>
        Best([.. units.Select(unit => folder.Recorded(unit)!)]);

    private static int GridPlace(StudyRecord record)
    {
        int place = record.Grid.ToList().IndexOf(record.LearningRate);
        return place < 0 ? int.MaxValue : place;
    }

    /// <summary>The method's own values of the settings that its sweeps vary, by key.</summary>
    public static Dictionary<string, string> OwnValues(StudyFile file, StudyMethod method)
    {
        var values = new Dictionary<string, string>();
        foreach (string key in method.Sweep is null ? method.SweptKeys : [])
        {
            values[key] = method.Options.TryGetValue(key, out JsonElement own)
                || file.Options.TryGetValue(key, out own)
                ? string.Join('+', RecipeOptions.Tokens(own))
                : Convert.ToString(
                    new RecipeOptions(TrainVerb.Create()).ByKey[key].GetDefaultValue(), CultureInfo.InvariantCulture)!;
        }

        return values;
    }
}
