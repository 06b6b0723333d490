namespace VisionMamba.Data.Datasets;

/// <summary>Finds the image files of a folder per class.</summary>
internal static class FolderScan
{
    private static readonly HashSet<string> Extensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ".jpg", ".jpeg", ".jpe", ".png", ".webp", ".bmp", ".gif", ".ppm", ".pgm", ".pbm", ".pnm",
    };

    private static readonly EnumerationOptions Options = new()
    {
        AttributesToSkip = 0, // the default also skips by attribute; hidden names are skipped by their dot
        IgnoreInaccessible = false,
        MatchType = MatchType.Simple,
    };

    public static bool IsImage(string path) => Extensions.Contains(Path.GetExtension(path));

    /// <summary>Names of the visible folders directly inside, by code point.</summary>
    public static string[] Folders(string dir) => Sorted(dir, () => Directory.EnumerateDirectories(dir, "*", Options));

    /// <summary>All image files below, folder by folder in order of path, files by name.</summary>
    public static List<string> Images(string dir)
    {
        var found = new List<string>();
        var pending = new SortedSet<string>(CodePointOrder.Instance) { dir };
        while (pending.Min is { } folder)
        {
            pending.Remove(folder);
            foreach (string name in Sorted(folder, () => Directory.EnumerateFiles(folder, "*", Options)))
            {
                string path = Path.Combine(folder, name);
                if (IsImage(name))
                    found.Add(path);
                else if (Path.GetExtension(name).ToUpperInvariant() is ".TIF" or ".TIFF")
                    throw new VisionMambaException($"{path}: TIFF images are not read; convert them to PNG");
            }

            foreach (string name in Folders(folder))
                pending.Add(Path.Combine(folder, name));
        }

        return found;
    }

    private static string[] Sorted(string dir, Func<IEnumerable<string>> list)
    {
        try
        {
            string[] names = list().Select(path => Path.GetFileName(path)).Where(name => name[0] != '.').ToArray();
            Array.Sort(names, CodePointOrder.Instance);
            return names;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VisionMambaException($"{dir}: the folder cannot be read: {e.Message}", e);
        }
    }
}
