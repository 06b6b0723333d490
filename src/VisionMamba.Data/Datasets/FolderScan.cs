using System.IO.Enumeration;

namespace VisionMamba.Data.Datasets;

/// <summary>Finds the image files of a folder per class, and counts what is none.</summary>
internal static class FolderScan
{
    private static readonly HashSet<string> Extensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".ppm", ".pgm", ".pbm", ".pnm",
    };

    private static readonly HashSet<string> OtherPictures = new(StringComparer.OrdinalIgnoreCase)
    {
        ".heic", ".heif", ".avif", ".jxl", ".jp2", ".j2k", ".tga", ".svg", ".ico", ".psd", ".eps", ".exr", ".hdr",
        ".dds", ".raw", ".dng", ".cr2", ".nef", ".arw",
    };

    // What file managers and archives leave behind; hidden names are never looked at.
    private static readonly HashSet<string> Litter = new(StringComparer.OrdinalIgnoreCase)
    {
        "Thumbs.db", "ehthumbs.db", "desktop.ini", "Icon\r", "__MACOSX",
    };

    private static readonly EnumerationOptions Options = new()
    {
        AttributesToSkip = 0, // the default also skips by attribute; hidden names are skipped by their dot
        IgnoreInaccessible = false,
        MatchType = MatchType.Simple,
    };

    /// <summary>
    /// TIFF is no format that is read: as an image it is reported, or left out, like every other unreadable one.
    /// </summary>
    public static bool IsTiff(string path) => Path.GetExtension(path).ToLowerInvariant() is ".tif" or ".tiff";

    public static bool IsImage(string path) => Extensions.Contains(Path.GetExtension(path)) || IsTiff(path);

    /// <summary>Names of the visible folders directly inside, by code point.</summary>
    public static string[] Folders(string dir) =>
        Sorted(dir, () => Directory.EnumerateDirectories(dir, "*", Options));

    /// <summary>How many pictures, of whatever format, lie directly inside.</summary>
    public static int Loose(string dir) => Sorted(dir, () => Directory.EnumerateFiles(dir, "*", Options))
        .Count(name => IsImage(name) || OtherPictures.Contains(Path.GetExtension(name)));

    /// <summary>
    /// All image files below, folder by folder in order of path, files by name. A file or folder that links lead to
    /// more than once is taken once, and none that leads back up. <paramref name="rest"/> is told what is not taken.
    /// </summary>
    public static List<string> Images(string dir, NotTakenCounts? rest = null)
    {
        var found = new List<string>();
        HashSet<string> folders = Above(dir), files = [];
        var pending = new SortedSet<string>(CodePointOrder.Instance) { dir };
        while (pending.Min is { } folder)
        {
            pending.Remove(folder);
            string real = RealPath.OfAny(folder);
            if (!folders.Add(real))
            {
                rest?.Add(dir, "links to folders that are read already");
                continue;
            }

            var links = new HashSet<string>();
            foreach (string name in Sorted(folder, () => Files(folder, links)))
            {
                string path = Path.Combine(folder, name);
                if (!IsImage(name))
                    rest?.Add(dir, Path.GetExtension(name) is { Length: > 0 } ending
                        ? ending.ToLowerInvariant() : "files without an ending");
                else if (files.Add(links.Contains(name) ? RealPath.OfAny(path) : Path.Combine(real, name)))
                    found.Add(path);
                else
                    rest?.Add(dir, "links to images that are taken already");
            }

            foreach (string name in Folders(folder))
                pending.Add(Path.Combine(folder, name));
        }

        return found;
    }

    /// <summary>
    /// The names of the files in a folder; those that are links are added to <paramref name="links"/>.
    /// </summary>
    private static FileSystemEnumerable<string> Files(string dir, HashSet<string> links) => new(
        dir, (ref FileSystemEntry entry) =>
        {
            string name = entry.FileName.ToString();
            if (entry.Attributes.HasFlag(FileAttributes.ReparsePoint))
                links.Add(name);
            return name;
        }, Options)
    {
        ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory,
    };

    /// <summary>The folders above, both those that the path names and those that a link in it leads to.</summary>
    private static HashSet<string> Above(string dir)
    {
        var above = new HashSet<string>();
        string? named = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(dir)));
        string? real = Path.GetDirectoryName(RealPath.OfAny(dir));
        foreach (string? start in new[] { named is null ? null : RealPath.OfAny(named), real })
        {
            for (string? at = start; at is not null; at = Path.GetDirectoryName(at))
                above.Add(at);
        }

        return above;
    }

    private static string[] Sorted(string dir, Func<IEnumerable<string>> list)
    {
        try
        {
            string[] names = list().Select(path => Path.GetFileName(path))
                .Where(name => name[0] != '.' && !Litter.Contains(name)).ToArray();
            Array.Sort(names, CodePointOrder.Instance);
            return names;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VisionMambaException($"{dir}: the folder cannot be read: {e.Message}", e);
        }
    }
}
