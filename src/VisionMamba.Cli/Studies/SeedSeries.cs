using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Runs;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Cli.Studies;

/// <summary>svp train --seeds N: the same run with N seeds, its mean and its deviation.</summary>
internal static class SeedSeries
{
    private const string Kind = "seeds";

    /// <summary>Begins the study; seeds count up from --seed.</summary>
    public static int Start(ParseResult parsed, int seeds, string folder, bool json)
    {
        if (seeds < 1)
            throw new UsageException($"--seeds {seeds}: must be at least 1");
        ulong first = parsed.GetValue<ulong>("--seed");
        var series = new RunSeries(
            Kind, RunSeries.Given(parsed, ["--seeds", "--seed", "--output", "--json", .. DeviceArguments.Names]),
            [.. Enumerable.Range(0, seeds).Select(i => (first + (ulong)i).ToString(CultureInfo.InvariantCulture))
                .Select(seed => new SeriesRun($"seed-{seed}", ["--seed", seed]))]);
        series.Begin(folder);
        return Finish(parsed, series, folder, json);
    }

    /// <summary>Goes on with the study in <paramref name="folder"/>.</summary>
    public static int Resume(ParseResult parsed, string folder, bool json) => Finish(
        parsed, RunSeries.Open(folder, Kind), folder, json);

    private static int Finish(ParseResult parsed, RunSeries series, string folder, bool json)
    {
        if (!series.Run(folder, DeviceArguments.Of(parsed), keepGoing: false))
        {
            Console.Error.WriteLine($"the study goes on with: {ShellWords.Resume("train", folder)}");
            return 1;
        }

        JsonObject summary = Summary(folder, series);
        AtomicFile.WriteText(Path.Combine(folder, "summary.json"), summary.ToJsonString(JsonOutput.Options));
        if (json)
            JsonOutput.Write(summary);
        else
            Print(JsonOutput.Reread(summary));
        return 0;
    }

    /// <summary>Every accuracy in the runs' results: its values, mean, and standard deviation (n - 1).</summary>
    public static JsonObject Summary(string folder, RunSeries series)
    {
        RunRecord[] runs = [.. series.Runs.Select(r => RunRecord.Open(Path.Combine(folder, r.Name)))];
        var metrics = new JsonObject();
        foreach (string key in runs[0].Result!.Select(r => r.Key).Where(
            k => k.Contains("top1", StringComparison.Ordinal)))
        {
            double[] values = [.. runs.Select(r => (double?)r.Result![key]).OfType<double>()];
            if (values.Length < runs.Length)
                continue;
            Measured measured = Measured.Of(values)!;
            metrics[key] = new JsonObject
            {
                ["mean"] = measured.Mean,
                ["deviation"] = measured.Deviation,
                ["values"] = new JsonArray([.. values.Select(v => (JsonNode)v)]),
            };
        }

        return new JsonObject
        {
            ["runs"] = new JsonArray([.. series.Runs.Select(r => (JsonNode)r.Name)]),
            ["metrics"] = metrics,
        };
    }

    private static void Print(JsonObject summary)
    {
        static string Percent(JsonNode? share) => share is null ? "-" : (100 * (double)share).ToString(
            "F2", CultureInfo.InvariantCulture);
        var table = new TextTable(
            ["top-1 in %", "mean", "deviation", .. summary["runs"]!.AsArray().Select(r => (string)r!)]);
        foreach ((string key, JsonNode? metric) in summary["metrics"]!.AsObject())
            table.Add([key, Percent(metric!["mean"]), Percent(metric["deviation"]), .. metric["values"]!.AsArray()
                .Select(Percent)]);
        table.Write(Console.Out);
    }
}
