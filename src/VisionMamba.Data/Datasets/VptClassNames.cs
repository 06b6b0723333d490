using System.Text.RegularExpressions;

namespace VisionMamba.Data.Datasets;

/// <summary>
/// Readable names for class ids: from classes.txt, else from the images' folders, else the ids themselves.
/// </summary>
internal static partial class VptClassNames
{
    public static List<string> Find(string dir, IReadOnlyList<VptClassId> ids, VptAnnotation train)
    {
        List<string> names = FromClassesFile(dir, ids) ?? FromFolders(ids, train)
            ?? ids.Select(id => id.ToString()).ToList();
        HashSet<string> repeated = names.GroupBy(name => name).Where(group => group.Count() > 1)
            .Select(group => group.Key).ToHashSet();
        return names.Select((name, i) => repeated.Contains(name) ? $"{name} ({ids[i]})" : name).ToList();
    }

    // Lines of "id name": CUB-200 has "1 001.Black_footed_Albatross" for the id "001", NABirds "0817 Oak Titmouse" for
    // 817.
    private static List<string>? FromClassesFile(string dir, IReadOnlyList<VptClassId> ids)
    {
        string path = Path.Combine(dir, "classes.txt");
        if (!File.Exists(path))
            return null;
        var known = new Dictionary<string, string>();
        foreach (string line in File.ReadLines(path))
            if (line.Trim().Split((char[])[' ', '\t'], 2, StringSplitOptions.TrimEntries) is [var id, var name])
                known[WithoutZeros(id)] = Plain(name);
        var names = new List<string>();
        foreach (VptClassId id in ids)
        {
            if (!known.TryGetValue(WithoutZeros(id.ToString()), out string? name))
                return null;
            names.Add(name);
        }

        return names;
    }

    private static List<string>? FromFolders(IReadOnlyList<VptClassId> ids, VptAnnotation train)
    {
        var folders = new Dictionary<VptClassId, string>();
        foreach ((string image, VptClassId id) in train.Items)
        {
            string folder = Path.GetFileName(Path.GetDirectoryName(image) ?? "");
            if (folder.Length == 0 || (folders.TryGetValue(id, out string? other) && other != folder))
                return null;
            folders[id] = folder;
        }

        bool telling = folders.Values.Distinct().Count() == folders.Count;
        return telling ? ids.Select(id => Plain(folders[id])).ToList() : null;
    }

    private static string WithoutZeros(string id) => id.TrimStart('0') is { Length: > 0 } rest ? rest : "0";

    // "001.Black_footed_Albatross" and "n02085620-Chihuahua" carry their id in front.
    private static string Plain(string name) => IdPrefix().Replace(name, "");

    [GeneratedRegex(@"^(\d+\.|n\d{8}-)(?=.)")]
    private static partial Regex IdPrefix();
}
