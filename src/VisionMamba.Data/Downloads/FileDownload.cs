using System.Net;
using System.Net.Http.Headers;

namespace VisionMamba.Data.Downloads;

/// <summary>
/// Gets one file: into "name.part", which a later call goes on with (HTTP Range), then verified and renamed. So the
/// file itself is whole and right or not there. A broken connection is tried again while it still makes progress.
/// </summary>
internal sealed class FileDownload(HttpClient client, Uri url, string path, string checksum)
{
    private const int MaxAttempts = 5;

    private string Part => path + ".part";

    /// <summary>How long to wait before the n-th attempt; tests set it to nothing.</summary>
    public Func<int, TimeSpan> Pause { get; init; } = Backoff;

    /// <summary>A connection that gives no byte for so long counts as broken.</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Tells bytes so far and bytes in all (-1 where the server does not say).</summary>
    public Action<long, long>? Progress { get; init; }

    /// <summary>2, 4, 8, 16 seconds.</summary>
    public static TimeSpan Backoff(int attempt) => TimeSpan.FromSeconds(1 << attempt);

    /// <summary>Downloads unless the verified file is there already; whether anything was downloaded.</summary>
    public async Task<bool> RunAsync(CancellationToken cancel)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            if (File.Exists(path) && Checksum.Matches(path, checksum, cancel))
                return false;
            bool resumed = await FetchAsync(cancel).ConfigureAwait(false);
            bool right = Checksum.Matches(Part, checksum, cancel);
            if (!right && resumed)
            {
                // The part may be of an older release of the file: once more from the start.
                File.Delete(Part);
                await FetchAsync(cancel).ConfigureAwait(false);
                right = Checksum.Matches(Part, checksum, cancel);
            }

            if (!right)
            {
                File.Delete(Part);
                throw new VisionMambaException(
                    $"{url}: what came is not the published file ({checksum} expected); it was "
                    + "thrown away, try again later or another --url-base");
            }

            File.Move(Part, path, overwrite: true);
            return true;
        }
        catch (Exception e) when (e is IOException and not HttpIOException or UnauthorizedAccessException)
        {
            throw new VisionMambaException(
                $"{path}: cannot be written ({e.Message}); check the folder, permissions and free space", e);
        }
    }

    /// <summary>Fills the part; whether it began with bytes of an earlier call.</summary>
    private async Task<bool> FetchAsync(CancellationToken cancel)
    {
        bool resumed = Length() > 0;
        for (int attempt = 0; ;)
        {
            long before = Length();
            try
            {
                await AttemptAsync(before, cancel).ConfigureAwait(false);
                return resumed;
            }
            catch (Exception e) when (IsBroken(e, cancel))
            {
                attempt = Length() > before ? 1 : attempt + 1;
                if (attempt >= MaxAttempts)
                    throw new VisionMambaException($"{url}: the connection broke {attempt} times in a row at byte "
                        + $"{Length()} ({e.Message}); run the same command again to go on from there", e);
            }

            await Task.Delay(Pause(attempt), cancel).ConfigureAwait(false);
        }
    }

    private static bool IsBroken(Exception e, CancellationToken cancel) =>
        e is HttpRequestException or HttpIOException or BrokenConnectionException
        || (e is OperationCanceledException && !cancel.IsCancellationRequested);

    private async Task AttemptAsync(long have, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (have > 0)
            request.Headers.Range = new RangeHeaderValue(have, null);
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        stall.CancelAfter(Stall);
        using HttpResponseMessage response = await client
            .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stall.Token).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && have > 0)
        {
            if (response.Content.Headers.ContentRange?.Length == have)
                return; // all of it came before
            File.Delete(Part);
            throw new BrokenConnectionException("the part was longer than the file");
        }

        Refuse(response);
        ContentRangeHeaderValue? range = response.Content.Headers.ContentRange;
        bool goesOn = response.StatusCode == HttpStatusCode.PartialContent && have > 0 && range?.From == have;
        if (response.StatusCode == HttpStatusCode.PartialContent && !goesOn)
            throw new VisionMambaException($"{url}: the server answers with another range than was asked for; "
                + $"remove {Part} and try again");
        await CopyAsync(response, goesOn ? have : 0, stall, cancel).ConfigureAwait(false);
    }

    private async Task CopyAsync(
        HttpResponseMessage response, long start, CancellationTokenSource stall, CancellationToken cancel)
    {
        long total = response.Content.Headers.ContentLength is { } length ? start + length : -1, have = start;
        using var file = new FileStream(Part, start > 0 ? FileMode.Append : FileMode.Create, FileAccess.Write);
        using Stream body = await response.Content.ReadAsStreamAsync(stall.Token).ConfigureAwait(false);
        byte[] buffer = new byte[1 << 17];
        while (true)
        {
            stall.CancelAfter(Stall);
            int read = await ReadAsync(body, buffer, stall.Token).ConfigureAwait(false);
            if (read == 0)
                break;
            await file.WriteAsync(buffer.AsMemory(0, read), cancel).ConfigureAwait(false);
            have += read;
            Progress?.Invoke(have, total);
        }

        if (total >= 0 && have < total)
            throw new BrokenConnectionException($"{have} of {total} bytes came");
    }

    // What goes wrong while reading is the connection's fault; while writing, the disk's.
    private static async Task<int> ReadAsync(Stream body, byte[] buffer, CancellationToken cancel)
    {
        try
        {
            return await body.ReadAsync(buffer, cancel).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new BrokenConnectionException(e.Message);
        }
    }

    /// <summary>Answers that will not change by asking again.</summary>
    private void Refuse(HttpResponseMessage response)
    {
        int code = (int)response.StatusCode;
        if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent)
            return;
        if (code >= 500 || response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests)
            throw new BrokenConnectionException($"the server answers {code} {response.ReasonPhrase}");
        throw new VisionMambaException($"{url}: the server answers {code} {response.ReasonPhrase}; get "
            + $"{Path.GetFileName(path)} elsewhere and put it into {Path.GetDirectoryName(path)}, or give a mirror "
            + "with --url-base");
    }

    private long Length() => File.Exists(Part) ? new FileInfo(Part).Length : 0;

    private sealed class BrokenConnectionException(string message) : Exception(message);
}
