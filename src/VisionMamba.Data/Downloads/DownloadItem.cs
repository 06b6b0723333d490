using VisionMamba.Data.Datasets;

namespace VisionMamba.Data.Downloads;

/// <summary>One file of a data set that has a public address.</summary>
/// <param name="Url">Where it is.</param>
/// <param name="Checksum">"md5:..." or "sha256:..." of the file, as its publisher (or torchvision) states it.</param>
/// <param name="To">Folder below the output folder that it, or what is in it, belongs to.</param>
/// <param name="Group">"splits" (lists of images) or "images".</param>
/// <param name="Unpack">It is an archive (.zip, .tar, .tgz, .tar.gz) to unpack there.</param>
/// <param name="Bytes">Its size where that is known.</param>
public sealed record DownloadItem(
    Uri Url, string Checksum, string To, string Group = "images", bool Unpack = false, long? Bytes = null)
{
    private static readonly Lazy<Dictionary<string, DownloadItem[]>> Items =
        new(() => DatasetCard.Resource("downloads.json", DataJson.Default.DictionaryStringDownloadItemArray));

    /// <summary>The name of the file.</summary>
    public string FileName => Uri.UnescapeDataString(Url.Segments[^1]);

    /// <summary>The files of a data set that can be downloaded and verified; empty where there are none.</summary>
    public static IReadOnlyList<DownloadItem> Of(string dataSet) =>
        Items.Value.GetValueOrDefault(DatasetLoader.Canonical(dataSet)) ?? [];
}
