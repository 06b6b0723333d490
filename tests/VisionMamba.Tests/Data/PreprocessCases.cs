using System.Text.Json;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Data;

/// <summary>
/// The cases of kind eval_preprocess and resized_crop in the manifests at hand: the project's own few
/// (tests/fixtures/preprocess) and, when found, the larger reference set.
/// </summary>
internal static class PreprocessCases
{
    public static IEnumerable<string> Folders() =>
        new[] { ReferenceData.Fixtures, ReferenceData.Root }.Distinct().Select(f => Path.Combine(f, "preprocess"));

    public static TheoryData<string, string> OfKind(string kind)
    {
        var rows = new TheoryData<string, string>();
        foreach (string folder in Folders())
        {
            using var manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "manifest.json")));
            foreach (JsonElement item in manifest.RootElement.EnumerateArray())
                if (item.GetProperty("kind").GetString() == kind)
                    rows.Add(folder, item.GetRawText());
        }

        return rows;
    }
}
