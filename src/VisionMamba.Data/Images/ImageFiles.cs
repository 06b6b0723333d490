using VisionMamba.Data.Datasets;

namespace VisionMamba.Data.Images;

/// <summary>Image files named by people.</summary>
public static class ImageFiles
{
    /// <summary>
    /// <paramref name="paths"/> with every folder replaced by the image files in it and below, in order of their path.
    /// </summary>
    /// <exception cref="VisionMambaException">A folder holds no image, or cannot be read.</exception>
    public static IReadOnlyList<string> Of(IEnumerable<string> paths) =>
        [.. paths.SelectMany(path => Directory.Exists(path) ? In(path) : [path])];

    /// <summary>Whether it is an image by its name that is never read.</summary>
    public static bool IsTiff(string path) => FolderScan.IsTiff(path);

    private static List<string> In(string folder)
    {
        List<string> images = FolderScan.Images(folder);
        return images.Count > 0 ? images : throw new VisionMambaException(
            $"{folder}: holds no image files; give images, or a folder of them");
    }
}
