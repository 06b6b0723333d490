namespace VisionMamba.Data.Datasets;

/// <summary>
/// A data set of one class: every answer is right, so that a folder one level too high or too low would pass for 100 %.
/// </summary>
public static class SingleClass
{
    private const int Deepest = 8;

    /// <summary>
    /// One line where <paramref name="classes"/> are too few to tell apart, with the folder below or above
    /// <paramref name="dir"/> that was meant, where one looks like it; else null.
    /// </summary>
    public static string? Fault(string dir, IReadOnlyList<string> classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        if (classes.Count != 1)
            return null;
        return $"{dir}: has one class only ('{classes[0]}'); " + (Meant(dir, classes[0]) is { } folder
            ? $"give the folder that holds the class folders, perhaps {folder}"
            : "give two or more, each with a folder of its own");
    }

    private static string? Meant(string dir, string name)
    {
        if (!Directory.Exists(dir))
            return null;
        // Pictures of its own: it is a class itself.
        if (FolderScan.Loose(dir) > 0)
            return Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(dir)) is { Length: > 0 } above
                ? above : Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(dir)));
        string at = Path.Combine(dir, "train", name);
        if (!Directory.Exists(at))
            at = Path.Combine(dir, name);
        for (int depth = 0; depth < Deepest && Directory.Exists(at) && FolderScan.Loose(at) == 0; depth++)
        {
            string[] folders = FolderScan.Folders(at);
            if (folders.Length > 1 || folders.Contains("train", StringComparer.OrdinalIgnoreCase))
                return at;
            if (folders.Length == 0)
                return null;
            at = Path.Combine(at, folders[0]);
        }

        return null;
    }
}
