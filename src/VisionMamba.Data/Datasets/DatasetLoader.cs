namespace VisionMamba.Data.Datasets;

/// <summary>Finds the reader for a data set by name. A new layout is one class and one line here.</summary>
public static class DatasetLoader
{
    private static readonly Dictionary<string, Func<string, DatasetOptions, DatasetSplits>> Readers =
        new(StringComparer.OrdinalIgnoreCase)
        {
            ["folder"] = LoadFolder,
            ["vpt-json"] = VptJsonDatasets.Load,
        };

    /// <summary>The names that <see cref="Load"/> takes.</summary>
    public static IReadOnlyCollection<string> Names => Readers.Keys;

    /// <summary>
    /// Reads <paramref name="dir"/> as <paramref name="dataSetName"/>, "folder" when null: a folder per class, or VPT
    /// JSON splits where there is a train.json.
    /// </summary>
    public static DatasetSplits Load(string dir, string? dataSetName = null, DatasetOptions? options = null)
    {
        string name = dataSetName ?? "folder";
        return Readers.TryGetValue(name, out Func<string, DatasetOptions, DatasetSplits>? reader)
            ? reader(dir, options ?? new DatasetOptions())
            : throw new VisionMambaException(
                $"data set \"{name}\" is not known; use one of {string.Join(", ", Readers.Keys)}");
    }

    private static DatasetSplits LoadFolder(string dir, DatasetOptions options) =>
        VptJsonDatasets.Detect(dir) ? VptJsonDatasets.Load(dir, options) : FolderDatasets.Load(dir, options);
}
