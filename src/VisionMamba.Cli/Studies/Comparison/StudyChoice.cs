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
    /// first in the grid; the only one where there is one; null where every run diverged. A cell that takes another's
    /// rate has that one.
    /// </summary>
    public static double? Rate(StudyFolder folder, StudyFile file, StudyCell cell) =>
        RateOf(folder, file, Tuning(folder, file, cell.RateFrom ?? cell));

    /// <summary>The best of tuned runs, as <see cref="Rate"/> chooses.</summary>
    public static StudyRecord? Best(IReadOnlyList<StudyRecord> tuned) => tuned.Where(r => r.Failed is null)
        .OrderByDescending(r => r.ValidationTop1).ThenBy(r => r.ValidationLoss).ThenBy(GridPlace).FirstOrDefault();

    /// <summary>
    /// The runs that choose a cell's rate, as far as is known: the grid's and, while an end of them is the best or near
    /// it, the next one beyond that end.
    /// </summary>
    public static IReadOnlyList<StudyUnit> Tuning(StudyFolder folder, StudyFile file, StudyCell cell)
    {
        List<StudyUnit> units = [.. cell.Tuning];
        Queue<StudyUnit> below = new(cell.Below), above = new(cell.Above);
        while (units.Count > 1 && units.All(folder.IsDone))
        {
            StudyRecord[] records = Records(folder, units);
            List<StudyUnit> next = [];
            StudyRecord least = records.MinBy(r => r.LearningRate)!, most = records.MaxBy(r => r.LearningRate)!;
            if (IsGoodEnd(least, records, file) && below.TryDequeue(out StudyUnit? lower))
                next.Add(lower);
            if (IsGoodEnd(most, records, file) && above.TryDequeue(out StudyUnit? higher))
                next.Add(higher);
            if (next.Count == 0)
                break;
            units.AddRange(next);
        }

        return units;
    }

    /// <summary>
    /// Whether an end of the tried rates is the best of them, or no more standard errors of the best one's top-1 below
    /// it than the study says: of p on n images, sqrt(p (1 - p) / n).
    /// </summary>
    private static bool IsGoodEnd(StudyRecord end, IReadOnlyList<StudyRecord> tuned, StudyFile file)
    {
        if (Best(tuned) is not { } best)
            return false;
        double top = best.ValidationTop1!.Value;
        return end == best || (file.BeyondWithin > 0 && end.Failed is null && end.ValidationTop1 >= top
            - file.BeyondWithin * Math.Sqrt(top * (1 - top) / best.ValidationImages));
    }

    /// <summary>
    /// Whether a cell's rate is chosen, or another's that it takes: its seeds wait for all of the tuning.
    /// </summary>
    public static bool IsTuned(StudyFolder folder, StudyFile file, StudyCell cell) =>
        Tuning(folder, file, cell.RateFrom ?? cell).All(folder.IsDone);

    /// <summary>
    /// What is left to do in a cell, as far as is known: tuning, then seeds. A seed that was measured with another rate
    /// than the one that is chosen now is left, too.
    /// </summary>
    public static IReadOnlyList<StudyUnit> Left(StudyFolder folder, StudyFile file, StudyCell cell)
    {
        IReadOnlyList<StudyUnit> tuning = Tuning(folder, file, cell.RateFrom ?? cell);
        StudyUnit[] untuned = [.. tuning.Where(u => !folder.IsDone(u))];
        if (untuned.Length > 0)
            return cell.RateFrom is null ? [.. untuned, .. cell.Seeds] : cell.Seeds;
        double? rate = RateOf(folder, file, tuning);
        return [.. cell.Seeds.Where(seed => folder.Recorded(seed) is not { } record
            || (rate is not null && record.LearningRate != rate))];
    }

    private static double? RateOf(StudyFolder folder, StudyFile file, IReadOnlyList<StudyUnit> tuning) =>
        tuning.Count == 0 ? file.Rates[0] : Best(Records(folder, tuning))?.LearningRate;

    private static StudyRecord[] Records(StudyFolder folder, IEnumerable<StudyUnit> done) =>
        [.. done.Select(unit => folder.Recorded(unit)!)];

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
