using System.Globalization;
using System.Text.Json;
using VisionMamba.Cli.Recipes;
using VisionMamba.Cli.Verbs;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>What a study decides from its records: a cell's learning rate.</summary>
internal static class StudyChoice
{
    /// <summary>
    /// The learning rate with the best validation top-1 after the last epoch, then the least validation loss, then the
    /// first in the grid; the only one where there is one; null where every run diverged.
    /// </summary>
    public static double? Rate(StudyFolder folder, StudyFile file, StudyCell cell) => cell.Tuning.Count == 0
        ? file.Rates[0]
        : Best([.. cell.Tuning.Select(unit => StudyRecord.Read(folder.Record(unit))!)])?.LearningRate;

    /// <summary>The best of tuned runs, as <see cref="Rate"/> chooses.</summary>
    public static StudyRecord? Best(IReadOnlyList<StudyRecord> tuned) => tuned.Where(r => r.Failed is null)
        .OrderByDescending(r => r.ValidationTop1).ThenBy(r => r.ValidationLoss)
        .ThenBy(r => r.Grid.ToList().IndexOf(r.LearningRate)).FirstOrDefault();

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
