using System.Text.Json.Nodes;
using VisionMamba.Cli.Output;

namespace VisionMamba.Cli.Runs;

/// <summary>What differs between runs: settings, then results.</summary>
internal static class RunComparison
{
    private const int LongestCell = 40;

    // It differs between any two runs and says nothing of what was tried.
    private static readonly string[] s_ignored = ["started"];

    /// <summary>The settings that are not the same in all runs, by path in run.json; null where a run has
    /// none.</summary>
    public static IReadOnlyDictionary<string, JsonNode?[]> Differences(IReadOnlyList<RunRecord> runs)
    {
        Dictionary<string, JsonNode?>[] flat = [.. runs.Select(r => Flatten(r.Settings))];
        var differing = new Dictionary<string, JsonNode?[]>();
        foreach (string key in flat.SelectMany(f => f.Keys).Distinct())
        {
            JsonNode?[] values = [.. flat.Select(f => f.GetValueOrDefault(key))];
            if (!s_ignored.Contains(key) && values.Select(v => v?.ToJsonString()).Distinct().Count() > 1)
                differing[key] = values;
        }

        return differing;
    }

    /// <summary>Accuracies, losses and time of a run.</summary>
    public static JsonObject Results(RunRecord run) => new()
    {
        ["state"] = run.State,
        ["epochs"] = run.Last?.Epoch ?? 0,
        ["epochs_planned"] = run.PlannedEpochs,
        ["best_validation_top1"] = run.Best?.ValidationTop1,
        ["best_epoch"] = run.Best?.Epoch,
        ["last_validation_top1"] = run.Last?.ValidationTop1,
        ["last_validation_loss"] = run.Last?.ValidationLoss,
        ["last_train_loss"] = run.Last?.TrainLoss,
        ["test_top1"] = run.Result?["test_top1_last"]?.DeepClone(),
        ["trainable_parameters"] = run.TrainableParameters,
        ["seconds"] = run.Epochs.Sum(e => e.Seconds),
    };

    private static Dictionary<string, JsonNode?> Flatten(JsonObject root)
    {
        var flat = new Dictionary<string, JsonNode?>();
        void Walk(string prefix, JsonObject node)
        {
            foreach ((string key, JsonNode? value) in node)
            {
                if (value is JsonObject inner)
                    Walk($"{prefix}{key}.", inner);
                else
                    flat[prefix + key] = value;
            }
        }

        Walk("", root);
        return flat;
    }

    /// <summary>A cell of a table; long texts are cut (--json has them whole).</summary>
    public static string Cell(JsonNode? value) => value switch
    {
        null => "-",
        JsonValue v when v.TryGetValue(out string? text) => text.Length <= LongestCell ? text
            : text[..(LongestCell - 3)] + "...",
        JsonValue v when v.TryGetValue(out double number) && number != Math.Truncate(number) =>
            number.ToString("G5", System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToJsonString(JsonOutput.Line),
    };
}
