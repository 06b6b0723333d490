using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Output;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>A study as one HTML page that needs no other file.</summary>
internal sealed class StudyPage(StudyResults results, StudyCosts? costs, JsonObject description)
{
    private const string Style = """
    body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 1180px; padding: 0 1em; color: #1e1e24 }
    img { max-width: 100% } table { border-collapse: collapse; margin: 1em 0 } .wide { overflow-x: auto }
    th, td { padding: .2em .7em; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap }
    th:first-child, td:first-child { text-align: left } th { font-weight: 600 } .best { font-weight: 700 }
    .aside { color: #70707c; font-size: 13px } pre { background: #f4f4f2; padding: 1em; overflow-x: auto }
    """;

    private readonly StringBuilder _page = new();

    public string Text(IReadOnlyList<(string File, string Title, byte[] Png)> charts)
    {
        string name = (string?)description["study"] ?? "";
        _page.Append("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">");
        _page.Append($"<title>{Safe(name)}</title><style>{Style}</style><h1>Study {Safe(name)}</h1>");
        _page.AppendLine($"<p>{Safe((string?)description["description"] ?? "")}</p>");
        State();
        Accuracies();
        foreach ((_, string title, byte[] png) in charts.Where(
            c => !c.File.StartsWith("sweep", StringComparison.Ordinal)))
            Chart(title, png);
        Rates();
        Tuning();
        Costs();
        Sweeps(charts);
        Failures();
        _page.AppendLine("<h2>The study file</h2>");
        _page.AppendLine($"<pre>{Safe(description["file"]?.ToJsonString(JsonOutput.Options) ?? "")}</pre></html>");
        return _page.ToString();
    }

    private void State()
    {
        StudyRecord[] seeds = [.. results.Records.Where(r => !r.Tuning)];
        _page.Append($"<p>Backbone {Safe((string?)description["backbone"] ?? "?")} (content hash "
            + $"{Safe(((string?)description["backbone_hash"] ?? "?")[..12])}). ");
        _page.Append(CultureInfo.InvariantCulture,
            $"{results.Records.Count - seeds.Length} tuning runs and {seeds.Length} measured runs are recorded");
        IEnumerable<int> counts = results.Methods.SelectMany(m => results.Tasks.Select(
            t => results.Of(m, t.Name)?.Accuracy?.Count ?? 0)).Distinct().Order();
        _page.Append($" ({string.Join(" or ", counts)} seeds a cell). ");
        _page.AppendLine(
            "Accuracies are test top-1 of the last epoch's model in %, mean and standard deviation (n - 1) "
            + "over seeds. The learning rate of every cell was chosen on validation images; the test images chose "
            + "nothing. A group's deviation is that of its mean over seeds. Bold: the highest mean of a column, which "
            + "need not be a difference beyond the deviations.</p>");
    }

    private void Accuracies()
    {
        string?[] groups = [.. results.Groups, null];
        _page.Append("<h2>Accuracy</h2><div class=\"wide\"><table><tr><th>method");
        foreach ((string task, string group) in results.Tasks)
            _page.Append($"<th>{Safe(task)}<br><span class=\"aside\">{Safe(group)}</span>");
        foreach (string? group in groups)
            _page.Append($"<th>mean: {Safe(group ?? "all")}");
        _page.AppendLine("<th>mean rank");
        double?[] bestTask = [.. results.Tasks.Select(t => results.Methods.Max(
            m => results.Of(m, t.Name)?.Accuracy?.Mean))];
        double?[] bestGroup = [.. groups.Select(g => results.Methods.Max(m => results.Mean(m, g)?.Mean))];
        double? bestRank = results.Methods.Min(results.Rank);
        foreach (string method in results.Methods)
        {
            _page.Append($"<tr><td>{Safe(method)}");
            for (int t = 0; t < results.Tasks.Count; t++)
                Cell(results.Of(method, results.Tasks[t].Name)?.Accuracy, bestTask[t]);
            for (int g = 0; g < groups.Length; g++)
                Cell(results.Mean(method, groups[g]), bestGroup[g]);
            double? rank = results.Rank(method);
            _page.AppendLine(rank is null ? "<td>-" : string.Create(
                CultureInfo.InvariantCulture, $"<td{(rank == bestRank ? " class=\"best\"" : "")}>{rank:F2}"));
        }

        _page.AppendLine("</table></div>");
    }

    private void Cell(Measured? value, double? best) => _page.Append(value is null ? "<td>-" : string.Create(
        CultureInfo.InvariantCulture,
        $"<td{(value.Mean == best ? " class=\"best\"" : "")}>{100 * value.Mean:F1}{Deviation(value)}"));

    private static string Deviation(Measured value) => value.Deviation is { } deviation
        ? string.Create(CultureInfo.InvariantCulture, $" <span class=\"aside\">± {100 * deviation:F1}</span>") : "";

    private void Chart(string title, byte[] png) => _page.AppendLine(
        $"<h2>{Safe(title)}</h2>"
        + $"<img alt=\"{Safe(title)}\" src=\"data:image/png;base64,{Convert.ToBase64String(png)}\">");

    private void Rates()
    {
        _page.Append(
            "<h2>Chosen learning rates</h2><p>As --lr has them, per batch of 512. * marks an end of those tried: "
            + "the best may lie beyond.</p><div class=\"wide\"><table><tr><th>method");
        foreach ((string task, _) in results.Tasks)
            _page.Append($"<th>{Safe(task)}");
        foreach (string method in results.Records.Select(r => r.Method).Distinct())
        {
            _page.Append($"<tr><td>{Safe(method)}");
            foreach ((string task, _) in results.Tasks)
            {
                StudyResult? cell = results.Of(method, task);
                _page.Append(CultureInfo.InvariantCulture,
                    $"<td>{(cell?.LearningRate is { } rate ? $"{rate:R}{(cell.AtEdge ? "*" : "")}" : "-")}");
            }
        }

        _page.AppendLine("</table></div>");
    }

    /// <summary>How the validation images judged every rate: whether the best one stands alone, or at an end.</summary>
    private void Tuning()
    {
        StudyRecord[] tuned = [.. results.Records.Where(r => r.Tuning)];
        if (tuned.Length == 0)
            return;
        double[] rates = [.. tuned.Select(r => r.LearningRate).Distinct().Order()];
        _page.Append("<h2>Tuning</h2><p>Validation top-1 in % of the first seed's last epoch by learning rate; bold: "
            + "the chosen one, of equal ones the one with the lower loss.</p>"
            + "<div class=\"wide\"><table><tr><th>method<th>task");
        foreach (double rate in rates)
            _page.Append(CultureInfo.InvariantCulture, $"<th>{rate:R}");
        foreach (IGrouping<(string Method, string Task), StudyRecord> cell in tuned.GroupBy(r => (r.Method, r.Task))
            .OrderBy(g => results.Tasks.ToList().FindIndex(t => t.Name == g.Key.Task)))
        {
            _page.Append($"<tr><td>{Safe(cell.Key.Method)}<td>{Safe(cell.Key.Task)}");
            StudyRecord? best = StudyChoice.Best([.. cell]);
            foreach (double rate in rates)
            {
                StudyRecord? record = cell.FirstOrDefault(r => r.LearningRate == rate);
                string bold = record is not null && record == best ? " class=\"best\"" : "";
                string text = record is null ? "-" : record.ValidationTop1 is { } top1
                    ? (100 * top1).ToString("F1", CultureInfo.InvariantCulture) : "failed";
                _page.Append($"<td{bold}>{text}");
            }
        }

        _page.AppendLine("</table></div>");
    }

    private void Costs()
    {
        if (costs is null)
            return;
        _page.Append($"<h2>Costs</h2><p>Measured before the runs on {Safe(costs.Device)}, the fastest of some steps; "
            + "memory is that of a training step's activations.</p><table><tr><th>method<th>trained parameters"
            + "<th>training, ms an image<th>ms a step<th>inference, ms an image<th>KiB an image<th>MiB a step");
        foreach ((string method, MethodCost c) in costs.Methods)
        {
            _page.AppendLine(CultureInfo.InvariantCulture,
                $"<tr><td>{Safe(method)}<td>{c.Trainable:N0}"
                + $"<td>{1000 * c.TrainSeconds:F2}<td>{1000 * c.TrainSeconds * c.Batch:F0}"
                + $"<td>{1000 * c.EvaluateSeconds:F2}"
                + $"<td>{c.ImageBytes / 1024.0:N0}<td>{c.ImageBytes * c.Batch / 1048576.0:F1}");
        }

        _page.AppendLine("</table>");
    }

    private void Sweeps(IReadOnlyList<(string File, string Title, byte[] Png)> charts)
    {
        foreach ((string method, string key, IReadOnlyList<(string Value, string Method)> points) in results.Sweeps())
        {
            if (charts.FirstOrDefault(c => c.File == $"sweep-{method}-{key}.png") is { Png: not null } chart)
                Chart($"Sweep: {chart.Title}", chart.Png);
            _page.Append($"<div class=\"wide\"><table><tr><th>{Safe(key)}");
            foreach ((string task, _) in results.Tasks)
                _page.Append($"<th>{Safe(task)}");
            foreach ((string value, string variant) in points)
            {
                _page.Append($"<tr><td>{Safe(value)}{(variant == method ? " (the method's own)" : "")}");
                foreach ((string task, _) in results.Tasks)
                    Cell(results.Of(variant, task)?.Accuracy, null);
            }

            _page.AppendLine("</table></div>");
        }
    }

    private void Failures()
    {
        StudyRecord[] failed = [.. results.Records.Where(r => r.Failed is not null)];
        if (failed.Length == 0)
            return;
        _page.Append("<h2>Runs without a result</h2><ul>");
        foreach (StudyRecord r in failed)
        {
            _page.Append(CultureInfo.InvariantCulture,
                $"<li>{Safe(r.Task)}, {Safe(r.Method)}, lr {r.LearningRate:R}, seed {r.Seed}: {Safe(r.Failed!)}");
        }

        _page.AppendLine("</ul>");
    }

    private static string Safe(string text) => WebUtility.HtmlEncode(text);
}
