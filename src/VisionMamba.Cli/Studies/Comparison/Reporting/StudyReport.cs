using System.Text.Json.Nodes;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>svp study report: a page, charts and tables of what is recorded so far.</summary>
internal static class StudyReport
{
    /// <summary>Writes them into <paramref name="output"/>; gives their paths.</summary>
    /// <exception cref="VisionMambaException">There is no study, or nothing is recorded yet.</exception>
    public static JsonObject Write(string folder, string output)
    {
        var study = new StudyFolder(folder);
        IReadOnlyList<StudyRecord> records = study.Records();
        if (records.Count == 0)
            throw new VisionMambaException($"{folder}: no run is recorded yet; go on with svp study run");
        JsonObject description = study.Description();
        StudyCosts? costs = StudyCosts.Read(folder);
        var results = new StudyResults(records, description);
        (string File, string Title, byte[] Png)[] charts = [.. StudyCharts.All(results, costs)];
        foreach ((string file, _, byte[] png) in charts)
            AtomicFile.Write(Path.Combine(output, file), stream => stream.Write(png));
        AtomicFile.WriteText(Path.Combine(output, "runs.csv"), StudyCsv.Runs(records));
        AtomicFile.WriteText(Path.Combine(output, "results.csv"), StudyCsv.Results(results, costs));
        string page = Path.Combine(output, "report.html");
        AtomicFile.WriteText(page, new StudyPage(results, costs, description).Text(charts));
        return new JsonObject
        {
            ["report"] = page,
            ["charts"] = new JsonArray([.. charts.Select(c => (JsonNode)Path.Combine(output, c.File))]),
            ["tables"] = new JsonArray(Path.Combine(output, "results.csv"), Path.Combine(output, "runs.csv")),
            ["records"] = records.Count,
        };
    }
}
