using System.Globalization;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Output;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>What svp study run --dry-run says: the cells, their runs and how long they take, about.</summary>
internal static class StudyEstimate
{
    public static JsonObject Write(StudyPlan plan, StudyCosts costs, int processes)
    {
        double total = plan.Cells.Sum(c => c.Units.Sum(u => costs.Seconds(c, u)));
        return new JsonObject
        {
            ["study"] = plan.File.Name,
            ["device"] = costs.Device,
            ["cells"] = new JsonArray([.. plan.Cells.Select(c => (JsonNode)new JsonObject
            {
                ["task"] = c.Task.Name,
                ["method"] = c.Method.Name,
                ["runs"] = c.Units.Count(),
                ["trainable_parameters"] = costs.Methods[c.Method.Name].Trainable,
                ["train_images_per_second"] = 1 / costs.Methods[c.Method.Name].TrainSeconds,
                ["seconds"] = c.Units.Sum(u => costs.Seconds(c, u)),
                ["flags"] = new JsonArray([.. plan.Arguments(c.Seeds[0], plan.File.Rates[0]).Select(
                    a => (JsonNode)a)]),
            })]),
            ["runs"] = plan.Cells.Sum(c => c.Units.Count()),
            ["processes"] = processes,
            ["seconds"] = total / processes,
        };
    }

    public static void Print(JsonObject estimate, StudyPlan plan, TextWriter to)
    {
        to.WriteLine($"{plan.File.Name}: {plan.File.Description}");
        foreach (string note in plan.File.Notes)
            to.WriteLine($"note: {note}");
        var table = new TextTable("task", "method", "runs", "trains", "images/s", "time");
        foreach (JsonNode? cell in estimate["cells"]!.AsArray())
        {
            table.Add(
                (string)cell!["task"]!, (string)cell["method"]!, cell["runs"]!.ToString(),
                ((long)cell["trainable_parameters"]!).ToString("N0", CultureInfo.InvariantCulture),
                ((double)cell["train_images_per_second"]!).ToString("F1", CultureInfo.InvariantCulture),
                Durations.Words(TimeSpan.FromSeconds((double)cell["seconds"]!)));
        }

        table.Write(to);
        to.WriteLine();
        to.WriteLine($"{estimate["runs"]} runs: each cell tunes {plan.File.Rates.Count} learning rates and measures "
            + $"{plan.File.Seeds.Count} seeds, of which the first is the tuned run itself");
        if (plan.Cells.Any(c => c.RateFrom is not null))
            to.WriteLine("sweeps tune none: each point takes the rate of its method on the task");
        if (plan.File.RatesBeyond > 0)
        {
            string near = plan.File.BeyondWithin > 0 ? ", or near it" : "";
            to.WriteLine(
                $"up to {plan.File.RatesBeyond} more beyond an end of a cell's grid where its best rate stands{near}");
        }

        to.WriteLine($"about {Durations.Words(TimeSpan.FromSeconds((double)estimate["seconds"]!))} with "
            + $"{estimate["processes"]} process(es) on {estimate["device"]} (an estimate from steps measured now)");
    }
}
