using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Output;
using VisionMamba.Data.Datasets;
using VisionMamba.Data.Downloads;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp data check: is a data set on disk complete, readable and as published.</summary>
internal static class DataCheckVerb
{
    private const int Shown = 10;

    public static Command Create()
    {
        var command = new Command(
            "check", "Count a data set's images against the published numbers, decode every one, say what is missing.");
        var data = new DataFlags();
        var threads = new Option<int>("--threads") { Description = "threads that decode, 0 for one per core" };
        var perClass = new Option<bool>("--per-class") { Description = "list the images of every class" };
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        Option[] own = [data.Data, data.DataSet, .. data.Choices, threads, perClass, json];
        foreach (Option option in own)
            command.Options.Add(option);
        command.SetAction(parsed =>
        {
            string name = parsed.GetValue(data.DataSet) ?? "folder";
            string folder = parsed.GetValue(data.Data)
                ?? (ProceduralDatasets.Has(name) ? name : throw new UsageException("--data DIR is missing"));
            var options = new DatasetOptions
            {
                TrainPercent = parsed.GetValue(data.TrainPercent),
                Partition = parsed.GetValue(data.Partition),
                InatCategory = parsed.GetValue(data.InatCategory),
            };
            DataFlags.Check(name, options);
            if (parsed.GetValue(threads) < 0)
                throw new UsageException($"--threads {parsed.GetValue(threads)}: must be 0 (all processors) or more");
            using var interrupt = new Interrupt();
            using var progress = new CountProgress("checked");
            CheckReport report = DatasetCheck.Run(
                name, folder, options, parsed.GetValue(threads), progress.Step, interrupt.Token);
            progress.Dispose();
            if (parsed.GetValue(json))
                JsonOutput.Write(ToJson(report, folder));
            else
                Print(report, parsed.GetValue(perClass));
            return report.Complete ? 0 : 1;
        });
        return command;
    }

    private static void Print(CheckReport report, bool perClass)
    {
        TextWriter to = Console.Out;
        to.WriteLine($"{report.Name}{(report.Card is { } card ? $": {card.Title}, {card.Source}" : "")}");
        foreach (CheckedPart part in report.Parts)
        {
            string published = part.Published.Count == 0 ? "-" : string.Join(" or ", part.Published);
            to.WriteLine($"{part.Name,-10} {part.Images,9:N0} images   published {published,-14} "
                + $"{part.Counts.Count(n => n > 0)} classes with "
                + $"{part.Counts.Min()} ... {part.Counts.Max()} images each   ({part.Told})");
            foreach (string path in part.Missing.Take(Shown))
                to.WriteLine($"  missing: {path}");
            foreach (string line in part.Unreadable.Take(Shown))
                to.WriteLine($"  unreadable: {line}");
            int more = Math.Max(0, part.Missing.Count - Shown) + Math.Max(0, part.Unreadable.Count - Shown);
            if (more > 0)
                to.WriteLine($"  and {more} more; --json lists all");
        }

        for (int c = 0; perClass && c < report.Classes.Count; c++)
            to.WriteLine($"  {report.Classes[c]}: "
                + string.Join(", ", report.Parts.Select(part => $"{part.Name} {part.Counts[c]}")));
        foreach (NotTaken item in report.NotTaken.Take(Shown))
            to.WriteLine($"not taken: {item}");
        if (report.NotTaken.Count > Shown)
            to.WriteLine($"not taken: {report.NotTaken.Count - Shown} more lines; --json lists all");
        foreach (string problem in report.Problems)
            to.WriteLine($"problem: {problem}");
        if (!report.Complete && report.Card is { } known)
        {
            to.WriteLine("What goes where:");
            foreach (string line in known.Layout)
                to.WriteLine("  " + line);
            if (DownloadItem.Of(report.Name).Count > 0)
                to.WriteLine($"Get it with: svp data download {report.Name} --output DIR");
            if (known.Get is not null)
                to.WriteLine($"By hand: {known.Get}");
        }

        if (report.Card is { Notes.Length: > 0 } noted)
            to.WriteLine($"Note: {noted.Notes}");
        to.WriteLine(!report.Complete ? "NOT complete"
            : report.NotTaken.Count > 0 ? "complete, but for what is not taken" : "complete");
    }

    private static JsonObject ToJson(CheckReport report, string folder)
    {
        static JsonArray List(IEnumerable<string> items) => new([.. items.Select(item => (JsonNode)item)]);
        static JsonArray Numbers(IEnumerable<int> items) => new([.. items.Select(item => (JsonNode)item)]);
        var parts = new JsonArray();
        foreach (CheckedPart part in report.Parts)
            parts.Add((JsonNode)new JsonObject
            {
                ["part"] = part.Name,
                ["from"] = part.Told,
                ["images"] = part.Images,
                ["published"] = Numbers(part.Published),
                ["per_class"] = Numbers(part.Counts),
                ["missing"] = List(part.Missing),
                ["unreadable"] = List(part.Unreadable),
            });
        return new JsonObject
        {
            ["data_set"] = report.Name,
            ["folder"] = folder,
            ["complete"] = report.Complete,
            ["problems"] = List(report.Problems),
            ["not_taken"] = new JsonArray([.. report.NotTaken.Select(item => (JsonNode)new JsonObject
            {
                ["place"] = item.Place,
                ["what"] = item.What,
                ["count"] = item.Count,
            })]),
            ["classes"] = List(report.Classes),
            ["published_classes"] = report.Card?.Classes,
            ["parts"] = parts,
            ["layout"] = report.Card is { } card ? List(card.Layout) : null,
            ["source"] = report.Card?.Source,
            ["get"] = report.Card?.Get,
        };
    }
}
