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
    public static DatasetSplits Load(string dir, DatasetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        VptAnnotation train = VptAnnotation.Read(Path.Combine(dir, "train.json"));
        IReadOnlyList<VptClassId> ids = train.SortedIds();
        List<string> names = VptClassNames.Find(dir, ids, train);
        HashSet<string> wanted = Wanted(dir, names, options);
        var labels = new Dictionary<VptClassId, int>();
        var classes = new List<string>();
        for (int i = 0; i < ids.Count; i++)
        {
            if (!wanted.Contains(names[i]))
                continue;
            labels[ids[i]] = classes.Count;
            classes.Add(names[i]);
        }

        var known = ids.ToHashSet();
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(dir)));
        var parts = new DatasetParts(name, (classes, train.Samples(dir, labels, known)));
        return parts.Split(
            ReadPart(dir, "val.json", labels, known), ReadPart(dir, "test.json", labels, known), options,
            "train.json", "val.json");
    }

    private static List<Sample>? ReadPart(
        string dir, string file, Dictionary<VptClassId, int> labels, HashSet<VptClassId> known)
    {
        string path = Path.Combine(dir, file);
        return File.Exists(path) ? VptAnnotation.Read(path).Samples(dir, labels, known) : null;
    }

    private static HashSet<string> Wanted(string dir, List<string> names, DatasetOptions options)
    {
        string? missing = options.OnlyClasses?.FirstOrDefault(name => !names.Contains(name));
        if (missing is not null)
            throw new VisionMambaException($"{dir}: train.json has no class \"{missing}\"");
        IEnumerable<string> wanted = names.Where(name => options.OnlyClasses?.Contains(name) != false);
        return wanted.Take(options.MaxClasses ?? int.MaxValue).ToHashSet();
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
