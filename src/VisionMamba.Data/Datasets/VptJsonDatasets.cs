using System.Text.Json;

namespace VisionMamba.Data.Datasets;

/// <summary>
/// The splits of Visual Prompt Tuning (FGVC): train.json, val.json, test.json, each {image path: class id}. Ids become
/// contiguous labels in sorted order of the training ids. Paths count from the folder or its images/ folder.
/// </summary>
public static class VptJsonDatasets
{
    /// <summary>Whether the folder has a train.json.</summary>
    public static bool Detect(string dir) => File.Exists(Path.Combine(dir, "train.json"));

    /// <summary>Reads the splits with the default choices.</summary>
    public static DatasetSplits Load(string dir) => Load(dir, new DatasetOptions());

    /// <summary>Reads the splits. Without val.json a seeded part of train.json is held out.</summary>
    public static DatasetSplits Load(string dir, DatasetOptions options) => Read(dir, options).Split(options);

    /// <summary>
    /// The parts. <paramref name="published"/> are the names of all classes in the order of their ids, where known;
    /// <paramref name="imageFolder"/> is where the paths usually count from.
    /// </summary>
    internal static DatasetParts Read(
        string dir, DatasetOptions options, string imageFolder = "", IReadOnlyList<string>? published = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        VptAnnotation train = VptAnnotation.Read(Path.Combine(dir, "train.json"));
        // The classes are always those of train.json: NABirds' train_0.1.json lacks one of the 555.
        IReadOnlyList<VptClassId> ids = train.SortedIds();
        IReadOnlyList<string> names = published is not null && published.Count == ids.Count
            ? published : VptClassNames.Find(dir, ids, train);
        var labels = ids.Select((id, label) => (id, label)).ToDictionary(pair => pair.id, pair => pair.label);
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(dir)));
        (string file, VptAnnotation used) = options.TrainPercent is { } percent
            ? ReadPercent(dir, percent) : ("train.json", train);
        return new DatasetParts(
            name, names, new DatasetPart(file, used.Samples(dir, labels, imageFolder, options.AllowMissing)))
        {
            Validation = ReadPart(dir, "val.json", labels, imageFolder, options),
            Test = ReadPart(dir, "test.json", labels, imageFolder, options),
        }.Limited(options);
    }

    private static (string File, VptAnnotation Annotation) ReadPercent(string dir, double percent)
    {
        string file = $"train_{DatasetOptions.Show(percent)}.json", path = Path.Combine(dir, file);
        if (File.Exists(path))
            return (file, VptAnnotation.Read(path));
        string[] found = Directory.GetFiles(dir, "train_0.*.json").Select(f => Path.GetFileName(f)).Order().ToArray();
        throw new VisionMambaException($"{path}: no such file; "
            + (found.Length == 0 ? "put VPT's split files there" : $"there are {string.Join(", ", found)}"));
    }

    private static DatasetPart? ReadPart(
        string dir, string file, Dictionary<VptClassId, int> labels, string imageFolder, DatasetOptions options)
    {
        string path = Path.Combine(dir, file);
        return File.Exists(path)
            ? new DatasetPart(file, VptAnnotation.Read(path).Samples(dir, labels, imageFolder, options.AllowMissing))
            : null;
    }
}

/// <summary>A class id as the file has it: a number or a text; numbers sort as numbers, texts by code point.</summary>
internal readonly record struct VptClassId(long Number, string? Text)
{
    public override string ToString() => Text ?? Number.ToString();

    public static VptClassId From(JsonElement value, string path, string image) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetInt64(out long number) => new(number, null),
        JsonValueKind.String => new(0, value.GetString()),
        _ => throw new VisionMambaException(
            $"{path}: the class id of \"{image}\" is neither a whole number nor a text; write {{path: class id}}"),
    };
}
