using System.Text.Json;

namespace VisionMamba.Tests.Data;

/// <summary>
/// The cases of kind eval_preprocess and resized_crop in the manifests at hand: the project's own few
/// (tests/fixtures/preprocess) and, when found, the larger reference set.
/// </summary>
internal static class PreprocessCases
{
    public static IEnumerable<string> Folders()
    {
        string? root = AppContext.BaseDirectory;
        while (root is not null && !File.Exists(Path.Combine(root, "VisionMamba.slnx")))
            root = Path.GetDirectoryName(root.TrimEnd(Path.DirectorySeparatorChar));
        string? reference = Environment.GetEnvironmentVariable("VISIONMAMBA_REFERENCE");
        if (string.IsNullOrEmpty(reference) && root is not null)
            reference = Path.Combine(root, "..", "shared", "reference");
        string[] folders =
        [
            root is null ? "" : Path.Combine(root, "tests", "fixtures", "preprocess"),
            reference is null ? "" : Path.Combine(reference, "preprocess"),
        ];
        return folders.Where(folder => File.Exists(Path.Combine(folder, "manifest.json"))).Select(Path.GetFullPath);
    }

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
