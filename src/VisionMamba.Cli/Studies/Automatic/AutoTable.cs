using System.Globalization;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Studies.Comparison;

namespace VisionMamba.Cli.Studies.Automatic;

/// <summary>The comparison of --method auto for people and in auto.json.</summary>
internal static class AutoTable
{
    public static JsonObject Report(
        AutoPlan plan, IReadOnlyList<AutoRoundResult> rounds, AutoArm chosen, IEnumerable<string> command) => new()
        {
            ["chosen"] = chosen.Method,
            ["lr"] = chosen.Rate,
            ["selected_on"] = "validation",
            ["validation_images"] = plan.Validation,
            ["budget_minutes"] = plan.Minutes,
            ["rounds"] = new JsonArray([.. rounds.Select(r => (JsonNode)new JsonObject
            {
                ["epochs"] = r.Round.Epochs,
                ["max_steps"] = r.Round.MaxSteps,
                ["trials"] = new JsonArray([.. r.Trials.Select(t => (JsonNode)new JsonObject
                {
                    ["method"] = t.Arm.Method,
                    ["lr"] = t.Arm.Rate,
                    ["validation_top1"] = t.Top1,
                    ["validation_loss"] = t.Loss,
                    ["trainable_parameters"] = t.Trainable,
                    ["seconds"] = t.Seconds,
                    ["failed"] = t.Failed,
                })]),
            })]),
            ["command"] = ShellWords.Of(command.Prepend("svp")),
        };

    public static void Print(JsonObject report, TextWriter to)
    {
        report = JsonOutput.Reread(report);
        var table = new TextTable("round", "trained for", "method", "lr", "validation top-1", "loss", "trains");
        JsonArray rounds = report["rounds"]!.AsArray();
        for (int r = 0; r < rounds.Count; r++)
        {
            int steps = (int)rounds[r]!["max_steps"]!;
            string length = steps > 0 ? $"{steps} steps" : $"{rounds[r]!["epochs"]} epochs";
            foreach (JsonNode? trial in rounds[r]!["trials"]!.AsArray())
            {
                string Number(string key, string format, double scale = 1) => trial!["failed"] is not null ? "failed"
                    : (scale * (double)trial[key]!).ToString(format, CultureInfo.InvariantCulture);
                table.Add(
                    $"{r + 1}", length, (string)trial!["method"]!, StudyUnit.Number((double)trial["lr"]!),
                    Number("validation_top1", "F2", 100), Number("validation_loss", "F4"),
                    ((long)trial["trainable_parameters"]!).ToString("N0", CultureInfo.InvariantCulture));
            }
        }

        table.Write(to);
        to.WriteLine();
        to.WriteLine($"chosen on {report["validation_images"]} validation images: {report["chosen"]}, lr "
            + $"{report["lr"]}; the test images were not read");
        to.WriteLine($"trained in full with: {report["command"]}");
    }
}
