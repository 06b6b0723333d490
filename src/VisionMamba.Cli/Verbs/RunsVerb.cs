using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Runs;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp runs: what training runs did, side by side.</summary>
internal static class RunsVerb
{
    public static Command Create() => new("runs", "Look at training runs: list them, compare them, plot their curves.")
    {
        ListCommand(), CompareCommand(), PlotCommand(),
    };

    private static Command ListCommand()
    {
        var command = new Command("list", "List the runs in a folder and below.");
        var folder = new Argument<string>("DIR") { Description = "folder that holds runs" };
        Option<bool> json = Json();
        command.Arguments.Add(folder);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            string root = parsed.GetValue(folder)!;
            int damaged = 0;
            IReadOnlyList<RunRecord> runs = RunRecord.Below(root, message =>
            {
                damaged++;
                Console.Error.WriteLine($"svp: {message}");
            });
            if (parsed.GetValue(json))
                JsonOutput.Write(new JsonArray([.. runs.Select(r => (JsonNode)Row(r))]));
            else if (runs.Count > 0 || damaged == 0)
                List(root, runs);
            return damaged == 0 ? 0 : 1;
        });
        return command;
    }

    private static Command CompareCommand()
    {
        var command = new Command("compare", "Show the settings in which runs differ, and their results.");
        Argument<string[]> folders = Runs();
        Option<bool> json = Json();
        command.Arguments.Add(folders);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            RunRecord[] runs = [.. parsed.GetValue(folders)!.Select(RunRecord.Open)];
            if (runs.Length < 2)
                throw new UsageException($"{runs[0].Folder}: is one run; give two or more to compare");
            if (parsed.GetValue(json))
                JsonOutput.Write(Comparison(runs));
            else
                Compare(runs);
            return 0;
        });
        return command;
    }

    private static Command PlotCommand()
    {
        var command = new Command("plot", "Draw loss and accuracy curves of runs into a picture.");
        Argument<string[]> folders = Runs();
        var output = new Option<string>(
            "--output")
        { Description = "the picture, .png or .svg", Required = true, HelpName = "FILE" };
        var by = new Option<string>(
            "--by")
        { Description = "horizontal axis: epoch or step", DefaultValueFactory = _ => "epoch" };
        by.AcceptOnlyFromAmong("epoch", "step");
        Option<bool> json = Json();
        command.Arguments.Add(folders);
        foreach (Option option in new Option[] { output, by, json })
            command.Options.Add(option);
        command.SetAction(parsed =>
        {
            string file = parsed.GetValue(output)!;
            RunRecord[] runs = [.. parsed.GetValue(folders)!.Select(RunRecord.Open)];
            RunPlot.Write(file, runs, bySteps: parsed.GetValue(by) == "step");
            if (parsed.GetValue(json))
                JsonOutput.Write(new JsonObject
                {
                    ["picture"] = file,
                    ["runs"] = new JsonArray(
                    [.. runs.Select(r => (JsonNode)r.Folder)])
                });
            else
                Console.Out.WriteLine(file);
            return 0;
        });
        return command;
    }

    private static Option<bool> Json() => new("--json") { Description = "print the result as JSON" };

    private static Argument<string[]> Runs() => new("RUN")
    {
        Description = "folders of runs",
        Arity = new ArgumentArity(1, 1000),
    };

    private static JsonObject Row(RunRecord run)
    {
        JsonObject row = RunComparison.Results(run);
        row.Insert(0, "run", run.Folder);
        row.Insert(1, "method", run.Method);
        row.Insert(2, "data", run.Data);
        row.Insert(3, "started", run.Started.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture));
        return row;
    }

    private static void List(string root, IReadOnlyList<RunRecord> runs)
    {
        if (runs.Count == 0)
        {
            Console.Error.WriteLine($"{root}: no runs here or below");
            return;
        }

        var table = new TextTable(
            "run", "method", "data", "trains", "epochs", "last", "best", "at", "test", "state", "started");
        foreach (RunRecord run in runs)
        {
            table.Add(
                Path.GetRelativePath(root, run.Folder), run.Method, run.Data, run.TrainableParameters.ToString(
                    "N0", CultureInfo.InvariantCulture),
                $"{run.Last?.Epoch ?? 0}/{run.PlannedEpochs}", Percent(run.Last?.ValidationTop1), Percent(
                    run.Best?.ValidationTop1),
                run.Best?.Epoch.ToString(CultureInfo.InvariantCulture) ?? "-", Percent(
                    (double?)run.Result?["test_top1_last"]), run.State,
                run.Started.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture));
        }

        table.Write(Console.Out);
    }

    private static string Percent(double? share) =>
        share is { } value ? (100 * value).ToString("F1", CultureInfo.InvariantCulture) + " %" : "-";

    private static JsonObject Comparison(RunRecord[] runs) => new()
    {
        ["runs"] = new JsonArray([.. runs.Select(r => (JsonNode)r.Folder)]),
        ["settings"] = new JsonObject(RunComparison.Differences(runs).Select(d => KeyValuePair.Create(
            d.Key, (JsonNode?)new JsonArray([.. d.Value.Select(v => v?.DeepClone())])))),
        ["results"] = new JsonArray([.. runs.Select(r => (JsonNode)RunComparison.Results(r))]),
    };

    private static void Compare(RunRecord[] runs)
    {
        var table = new TextTable(["", .. runs.Select(r => r.Folder)]);
        foreach ((string key, JsonNode?[] values) in RunComparison.Differences(runs))
            table.Add([key, .. values.Select(RunComparison.Cell)]);
        JsonObject[] results = [.. runs.Select(RunComparison.Results)];
        foreach ((string key, _) in results[0])
            table.Add([key, .. results.Select(r => RunComparison.Cell(r[key]))]);
        table.Write(Console.Out);
    }
}
