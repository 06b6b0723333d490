using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using VisionMamba.Models.Explaining;

namespace VisionMamba.Cli.Explaining;

/// <summary>Explanations as one HTML page that needs no other file, and as numbers in JSON.</summary>
internal static class ExplainReport
{
    private const string Style = """
        body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 1120px; color: #1e1e24 }
        img { max-width: 100%; border: 1px solid #ddd } table { border-collapse: collapse; margin: 1em 0 }
        th, td { padding: .2em .8em; text-align: right; border-bottom: 1px solid #ddd } th { font-weight: 600 }
        """;

    private const string Legend = """
        <p>delta is the step size, the mean over channels and both directions; the input gate is |delta B|, how much of
        a patch enters the states; the forget gate is exp(delta A), how much of the states outlives a patch (1 keeps
        all). "To class token" is the length of each patch's part in the scans' gated output at the class token; the
        parts add up to that output. "Without" is the same weights and head without what the tuning method adds. The
        two maps of a block share one colour scale, whose ends stand below them, and then the end of the
        difference's.</p>
        """;

    public static string Html(IReadOnlyList<(ExplainedImage Image, byte[] Png)> sheets, string model)
    {
        var page = new StringBuilder();
        page.AppendLine("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>svp explain</title>");
        page.AppendLine($"<style>{Style}</style><h1>svp explain</h1><p>{WebUtility.HtmlEncode(model)}</p>{Legend}");
        foreach ((ExplainedImage image, byte[] png) in sheets)
        {
            page.AppendLine($"<h2>{WebUtility.HtmlEncode(Path.GetFileName(image.Path))}</h2>");
            page.AppendLine($"<img alt=\"maps by block\" src=\"data:image/png;base64,{Convert.ToBase64String(png)}\">");
            Table(page, image);
        }

        return page.AppendLine("</html>").ToString();
    }

    public static JsonObject Json(ExplainedImage image) => new()
    {
        ["path"] = image.Path,
        ["class"] = image.ClassName,
        ["index"] = image.With.Class,
        ["with"] = Json(image.With),
        ["without"] = image.Without is null ? null : Json(image.Without),
    };

    private static JsonObject Json(Explanation e) => new()
    {
        ["probability"] = ExplainedImage.Probability(e),
        ["blocks"] = new JsonArray([.. e.Blocks.Select((b, i) => (JsonNode)new JsonObject
        {
            ["block"] = i,
            ["delta"] = b.Delta.Average(),
            ["input_gate"] = b.InputGate.Average(),
            ["forget_gate"] = b.ForgetGate.Average(),
            ["patches_to_class_token"] = b.Contribution.Sum(),
            ["class_token_to_itself"] = b.ClassContribution,
            ["learned_tokens_to_class_token"] = b.LearnedContribution,
            ["prompt_magnitude"] = b.PromptMagnitude,
        })]),
    };

    private static void Table(StringBuilder page, ExplainedImage image)
    {
        page.Append("<table><tr><th>block<th>delta<th>without<th>input gate<th>without<th>forget gate<th>without"
            + "<th>learned tokens' part<th>prompt magnitude");
        for (int i = 0; i < image.With.Blocks.Count; i++)
        {
            BlockExplanation with = image.With.Blocks[i];
            BlockExplanation? without = image.Without?.Blocks[i];
            double parts = with.Contribution.Sum(v => (double)v) + with.ClassContribution + with.LearnedContribution;
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{i}");
            page.Append(Pair(with.Delta, without?.Delta)).Append(Pair(with.InputGate, without?.InputGate))
                .Append(Pair(with.ForgetGate, without?.ForgetGate));
            page.Append(CultureInfo.InvariantCulture, $"<td>{with.LearnedContribution / parts:P1}");
            page.AppendLine(CultureInfo.InvariantCulture, $"<td>{with.PromptMagnitude:G3}");
        }

        page.AppendLine("</table>");
    }

    private static string Pair(IReadOnlyList<float> with, IReadOnlyList<float>? without) => string.Create(
        CultureInfo.InvariantCulture,
        $"<td>{with.Average():G4}<td>{(without is null ? "-" : $"{without.Average():G4}")}");
}
