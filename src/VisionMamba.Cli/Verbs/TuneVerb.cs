using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Runs;
using VisionMamba.Cli.Studies;
using VisionMamba.Cli.Studies.Automatic;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp tune: searches learning rate, weight decay and prompt sizes on the validation images.</summary>
internal static class TuneVerb
{
    private const string Kind = "tune";

    // They are the search's own, or have no meaning in it.
    private static readonly string[] s_notTrials =
    [
        "--output", "--resume", "--json", "--dry-run", "--seeds", "--model", "--quiet", "--test-at-end",
        GivenFlags.MayLieIdle,
    ];

    public static Command Create()
    {
        var command = new Command(
            "tune",
            "Search learning rate, weight decay and prompt sizes on the validation images; takes the flags of train.");
        var flags = new TuneFlags();
        var output = new Option<string>(
            "--output")
        { Description = "folder for the trials", Required = true, HelpName = "DIR" };
        var resume = new Option<bool>("--resume") { Description = "go on with the interrupted search in --output" };
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        Option[] own = [output, .. flags.All, resume, json];
        Option[] train = [.. TrainVerb.Create().Options.Where(o => !s_notTrials.Contains(o.Name))];
        foreach (Option option in own.Concat(train))
            command.Options.Add(option);
        command.SetAction(parsed =>
        {
            string folder = parsed.GetValue(output)!;
            if (parsed.GetValue(resume))
                ResumedRun.RefuseFlags(
                    parsed, flags.All.Concat(train.Where(o => !DeviceArguments.Names.Contains(o.Name))));
            RunSeries series = parsed.GetValue(resume) ? RunSeries.Open(folder, Kind) : Begin(
                parsed, flags, folder, [.. own.Select(o => o.Name)]);
            if (!series.Run(folder, DeviceArguments.Of(parsed), keepGoing: true))
            {
                Console.Error.WriteLine($"the search goes on with: {ShellWords.Resume("tune", folder)}");
                return 1;
            }

            JsonObject report = Report(folder, series);
            AtomicFile.WriteText(Path.Combine(folder, "tune.json"), report.ToJsonString(JsonOutput.Options));
            if (parsed.GetValue(json))
                JsonOutput.Write(report);
            else
                Print(JsonOutput.Reread(report));
            return report["command"] is null ? 1 : 0;
        });
        return command;
    }

    private static RunSeries Begin(ParseResult parsed, TuneFlags flags, string folder, string[] own)
    {
        SearchImages.Check(parsed, "a search");
        if (AutoFlags.Asked(parsed))
            throw new UsageException("--method auto: is a search of its own; give the method to tune");
        string backbone = parsed.GetValue<string>("--backbone") ?? throw new UsageException(
            "--backbone FILE is missing");
        int depth = ModelFile.Depth(backbone, new LoadOptions());
        IReadOnlyList<SeriesRun> trials = flags.Trials(
            parsed, parsed.GetValue<string>("--method")!, depth, parsed.GetValue<ulong>("--seed"));
        var series = new RunSeries(
            Kind, [.. RunSeries.Given(parsed, [.. own, .. DeviceArguments.Names]), "--test-at-end", "false"], trials);
        series.Begin(folder);
        return series;
    }

    /// <summary>The trials, best first by validation top-1, then validation loss; failed ones last.</summary>
    private static JsonObject Report(string folder, RunSeries series)
    {
        var trials = series.Runs.Select(r => (Run: r, Record: RunRecord.Open(Path.Combine(folder, r.Name))))
            .OrderBy(t => t.Record.Result?["failed"] is not null)
            .ThenByDescending(t => t.Record.Best?.ValidationTop1).ThenBy(t => t.Record.Best?.ValidationLoss)
            .ToArray();
        bool found = trials[0].Record.Result?["failed"] is null;
        return new JsonObject
        {
            ["trials"] = new JsonArray([.. trials.Select(t => (JsonNode)new JsonObject
            {
                ["trial"] = t.Run.Name,
                ["flags"] = new JsonObject(
                    t.Run.Arguments.Chunk(2).Select(p => KeyValuePair.Create(p[0], (JsonNode?)p[1]))),
                ["validation_top1"] = t.Record.Best?.ValidationTop1,
                ["validation_loss"] = t.Record.Best?.ValidationLoss,
                ["epoch"] = t.Record.Best?.Epoch,
                ["trainable_parameters"] = t.Record.TrainableParameters,
                ["failed"] = t.Record.Result?["failed"]?.DeepClone(),
            })]),
            ["command"] = found ? Command(series, trials[0].Run, folder) : null,
        };
    }

    /// <summary>The search's own short training is left out: the winner is trained in full.</summary>
    private static string Command(RunSeries series, SeriesRun best, string folder)
    {
        var arguments = new List<string>();
        for (int i = 0; i < series.Common.Count; i++)
        {
            if (series.Common[i] is "--epochs" or "--max-steps" or "--test-at-end")
                i++;
            else
                arguments.Add(series.Common[i]);
        }

        return ShellWords.Of(
            ["svp", "train", .. arguments, .. best.Arguments, "--output", Path.Combine(folder, "best")]);
    }

    private static void Print(JsonObject report)
    {
        JsonArray trials = report["trials"]!.AsArray();
        string[] flags = [.. trials[0]!["flags"]!.AsObject().Select(f => f.Key)];
        var table = new TextTable(["trial", .. flags, "validation top-1", "loss", "epoch", "trains"]);
        foreach (JsonNode? trial in trials)
        {
            string Number(string key, string format, double scale = 1) => trial![key] is { } value
                && trial["failed"] is null
                ? (scale * (double)value).ToString(format, CultureInfo.InvariantCulture) : trial["failed"] is null
                    ? "-" : "failed";
            table.Add([
                (string)trial!["trial"]!, .. flags.Select(f => (string)trial["flags"]![f]!),
                Number("validation_top1", "F2", 100), Number("validation_loss", "F4"), Number("epoch", "F0"),
                ((long)trial["trainable_parameters"]!).ToString("N0", CultureInfo.InvariantCulture)]);
        }

        table.Write(Console.Out);
        Console.Out.WriteLine();
        Console.Out.WriteLine(report["command"] is { } command
            ? $"best: {command}" : "every trial failed; try lower values with --tune-lr");
    }
}
