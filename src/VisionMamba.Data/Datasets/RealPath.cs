namespace VisionMamba.Data.Datasets;

/// <summary>The one path of a file or folder that may be reached by several, through links.</summary>
internal static class RealPath
{
    private const int MostLinks = 40; // as Linux: more are a circle

    /// <summary>The full path with all links followed, those of the folders above it too.</summary>
    /// <exception cref="IOException">The links form a circle.</exception>
    public static string Of(string path) => Of(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), MostLinks);

    /// <summary>As <see cref="Of(string)"/>; links that lead nowhere have the path that they are at.</summary>
    public static string OfAny(string path)
    {
        try
        {
            return Of(path);
        }
        catch (IOException)
        {
            return Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        }
    }

    private static string Of(string full, int links)
    {
        if (Path.GetDirectoryName(full) is not { } above)
            return full;
        string folder = Of(above, links), at = Path.Combine(folder, Path.GetFileName(full));
        if (new FileInfo(at).LinkTarget is not { } target)
            return at;
        return links > 0
            ? Of(Path.TrimEndingDirectorySeparator(Path.GetFullPath(target, folder)), links - 1)
            : throw new IOException($"{full}: too many links");
    }
}
