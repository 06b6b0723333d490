using System.Text.Json;
using VisionMamba.Data.Datasets;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Data.Downloads;

/// <summary>Follows a download. Calls may come often.</summary>
public interface IDownloadProgress
{
    /// <summary>A file begins; <paramref name="what"/> says what is done with it.</summary>
    void Begin(string file, string what);

    /// <summary>So much of it is done; <paramref name="total"/> is -1 where that is not known.</summary>
    void Step(long done, long total);
}

/// <summary>Choices of a download.</summary>
/// <param name="UrlBase">A mirror: files are taken from {UrlBase}/{NAME}/{file} in place of their own address.</param>
/// <param name="Group">Only "splits" or only "images"; all when null.</param>
/// <param name="KeepArchives">Leave the archives beside what was unpacked.</param>
public sealed record DownloadOptions(Uri? UrlBase = null, string? Group = null, bool KeepArchives = false);

/// <summary>
/// Downloads a data set's files: each one verified, archives unpacked, what is done noted in .downloads.json so that
/// a second call goes on where the first ended.
/// </summary>
public sealed class DatasetDownload : IDisposable
{
    private const string RecordName = ".downloads.json";

    private readonly HttpClient _client = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(30) })
    {
        Timeout = Timeout.InfiniteTimeSpan, // a file may take hours; a stalled connection is noticed while reading
    };

    /// <summary>Tests wait less between attempts.</summary>
    internal Func<int, TimeSpan> Pause { get; init; } = FileDownload.Backoff;

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    /// <summary>
    /// Brings the files of <paramref name="name"/> into <paramref name="output"/>; the paths of those that were new.
    /// </summary>
    /// <exception cref="VisionMambaException">Nothing can be downloaded, or not as published.</exception>
    public Task<IReadOnlyList<string>> RunAsync(
        string name, string output, DownloadOptions options, IDownloadProgress? progress, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(options);
        name = DatasetLoader.Canonical(name);
        IReadOnlyList<DownloadItem> items = DownloadItem.Of(name);
        if (options.Group is { } group)
            items = items.Where(item => item.Group == group).ToList();
        if (items.Count == 0)
            throw new VisionMambaException(
                $"{name}: has no {options.Group ?? "files"} with a public address and checksum; by hand: "
                + (DatasetCard.Of(name) is { } card ? card.Get ?? $"see {card.Source}" : "it is your own data"));
        return RunAsync(name, items, output, options, progress, cancel);
    }

    internal async Task<IReadOnlyList<string>> RunAsync(
        string name, IReadOnlyList<DownloadItem> items, string output, DownloadOptions options,
        IDownloadProgress? progress, CancellationToken cancel)
    {
        var done = new List<string>();
        foreach (DownloadItem item in items)
        {
            string folder = Path.Combine(output, item.To), path = Path.Combine(folder, item.FileName);
            if (item.Unpack && Record(folder).GetValueOrDefault(item.FileName) == item.Checksum)
                continue;
            Uri url = options.UrlBase is { } mirror
                ? new Uri($"{mirror.AbsoluteUri.TrimEnd('/')}/{name}/{Uri.EscapeDataString(item.FileName)}") : item.Url;
            progress?.Begin(item.FileName, "downloading");
            var download = new FileDownload(_client, url, path, item.Checksum)
            {
                Pause = Pause,
                Progress = progress is null ? null : progress.Step,
            };
            bool fresh = await download.RunAsync(cancel).ConfigureAwait(false);
            if (item.Unpack)
            {
                progress?.Begin(item.FileName, "unpacking");
                Archive.Unpack(path, folder, count => progress?.Step(count, -1), cancel);
                Note(folder, item);
                if (!options.KeepArchives)
                    File.Delete(path);
            }

            if (fresh || item.Unpack)
                done.Add(path);
        }

        return done;
    }

    private static Dictionary<string, string> Record(string folder)
    {
        string path = Path.Combine(folder, RecordName);
        try
        {
            return File.Exists(path)
                ? JsonSerializer.Deserialize(File.ReadAllText(path), DataJson.Default.DictionaryStringString) ?? []
                : [];
        }
        catch (JsonException e)
        {
            throw new VisionMambaException($"{path}: is damaged; remove it (archives are then unpacked again)", e);
        }
    }

    private static void Note(string folder, DownloadItem item)
    {
        Dictionary<string, string> record = Record(folder);
        record[item.FileName] = item.Checksum;
        AtomicFile.WriteText(
            Path.Combine(folder, RecordName),
            JsonSerializer.Serialize(record, DataJson.Default.DictionaryStringString));
    }
}
