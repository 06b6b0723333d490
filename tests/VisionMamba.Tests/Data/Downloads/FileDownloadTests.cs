using System.Security.Cryptography;
using VisionMamba.Data.Downloads;

namespace VisionMamba.Tests.Data.Downloads;

public sealed class FileDownloadTests : IDisposable
{
    private static readonly byte[] s_body = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7 ^ i >> 8))];
    private static readonly string s_sum = "sha256:" + Convert.ToHexString(SHA256.HashData(s_body));
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _client = new();

    private string Target => _folder.At("sub/file.bin");

    public void Dispose()
    {
        _client.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task AFileComesWholeAndIsNotFetchedAgain()
    {
        using var server = new LoopbackServer(s_body);
        Assert.True(await Run(server));
        Assert.False(await Run(server));
        Assert.Equal(s_body, File.ReadAllBytes(Target));
        Assert.Single(server.Requests);
        Assert.Equal([Target], Directory.GetFiles(_folder.At("sub")));
    }

    [Theory] // RFC 1321 and FIPS 180 for "abc"
    [InlineData("md5:900150983cd24fb0d6963f7d28e17f72")]
    [InlineData("sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD")]
    public async Task BothKindsOfChecksum(string sum)
    {
        using var server = new LoopbackServer("abc"u8.ToArray());
        Assert.True(await Run(server, sum));
    }

    [Fact]
    public async Task ABrokenConnectionIsTakenUpWhereItBroke()
    {
        using var server = new LoopbackServer(s_body) { CutAfter = new([100_000, 50_000, 0, 0, 20_000]) };
        Assert.True(await Run(server));
        Assert.Equal(s_body, File.ReadAllBytes(Target));
        Assert.Null(server.Requests[0].From);
        Assert.True(server.Requests.Count >= 6);
        Assert.All(server.Requests.Skip(1), request => Assert.True(request.From is > 0 and < 300_000));
    }

    [Fact]
    public async Task AnEarlierCallsPartIsGoneOnWith()
    {
        using var server = new LoopbackServer(s_body);
        Directory.CreateDirectory(_folder.At("sub"));
        File.WriteAllBytes(Target + ".part", s_body[..123_456]);
        Assert.True(await Run(server));
        Assert.Equal(s_body, File.ReadAllBytes(Target));
        Assert.Equal([("/file.bin", (long?)123_456)], server.Requests);
    }

    [Theory]
    [InlineData(300_000)]
    [InlineData(300_001)]
    public async Task AWholeOrTooLongPartIsToldApart(int length)
    {
        using var server = new LoopbackServer(s_body);
        Directory.CreateDirectory(_folder.At("sub"));
        byte[] part = [.. s_body, 1];
        File.WriteAllBytes(Target + ".part", part[..length]);
        Assert.True(await Run(server));
        Assert.Equal(s_body, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task APartOfAnotherReleaseIsThrownAway()
    {
        using var server = new LoopbackServer(s_body);
        Directory.CreateDirectory(_folder.At("sub"));
        File.WriteAllBytes(Target + ".part", new byte[1000]);
        Assert.True(await Run(server));
        Assert.Equal(s_body, File.ReadAllBytes(Target));
        Assert.Equal([1000, null], server.Requests.Select(request => request.From));
    }

    [Fact]
    public async Task WithoutRangesItStartsAgain()
    {
        using var server = new LoopbackServer(s_body) { Ranges = false, CutAfter = new([100_000]) };
        Assert.True(await Run(server));
        Assert.Equal(s_body, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task ABusyServerIsAskedAgain()
    {
        using var server = new LoopbackServer(s_body)
        {
            Statuses = new(["503 Service Unavailable", "429 Too Many Requests"]),
        };
        Assert.True(await Run(server));
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task AWrongFileIsRefusedAndNothingStays()
    {
        using var server = new LoopbackServer(s_body);
        var error = await Assert.ThrowsAsync<VisionMambaException>(() => Run(server, "sha256:00"));
        Assert.Contains("is not the published file (sha256:00 expected)", error.Message);
        Assert.Empty(Directory.GetFiles(_folder.At("sub")));
    }

    [Fact]
    public async Task AMissingFileSaysWhatToDo()
    {
        using var server = new LoopbackServer(s_body) { Statuses = new(["404 Not Found"]) };
        var error = await Assert.ThrowsAsync<VisionMambaException>(() => Run(server));
        Assert.Contains("answers 404 Not Found; get file.bin elsewhere", error.Message);
        Assert.Single(server.Requests);
        Assert.Empty(Directory.GetFiles(_folder.At("sub")));
    }

    [Fact]
    public async Task AServerThatNeverGetsOnIsGivenUpAndThePartStays()
    {
        using var server = new LoopbackServer(s_body) { CutAfter = new([5000, .. Enumerable.Repeat(0, 50)]) };
        var error = await Assert.ThrowsAsync<VisionMambaException>(() => Run(server));
        Assert.Contains("broke 5 times in a row at byte 5000", error.Message);
        Assert.Equal(5000, new FileInfo(Target + ".part").Length);
        Assert.False(File.Exists(Target));
    }

    [Fact]
    public async Task NobodyListeningIsOneLine()
    {
        Uri url;
        using (var server = new LoopbackServer(s_body))
            url = server.Url;
        var download = new FileDownload(_client, url, Target, s_sum) { Pause = _ => TimeSpan.Zero };
        var error = await Assert.ThrowsAsync<VisionMambaException>(() => download.RunAsync(Cancel));
        Assert.StartsWith(url.ToString(), error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public async Task ASetIsUnpackedOnceAndNoted()
    {
        byte[] zip = ArchiveTests.Zip(("GTSRB/a.txt", "a"), ("GTSRB/b/c.txt", "c"));
        using var server = new LoopbackServer(zip);
        var item = new DownloadItem(
            new Uri("http://unreachable.invalid/set.zip"), "sha256:" + Convert.ToHexString(SHA256.HashData(zip)),
            "gtsrb", Unpack: true);
        using var download = new DatasetDownload { Pause = _ => TimeSpan.Zero };
        var options = new DownloadOptions(new Uri(server.Url, "/mirror/"));
        string[] expected = [_folder.At("gtsrb/set.zip")];
        Assert.Equal(expected, await download.RunAsync("GTSRB", [item], _folder.Path, options, null, Cancel));
        Assert.Empty(await download.RunAsync("GTSRB", [item], _folder.Path, options, null, Cancel));
        Assert.Equal([("/mirror/GTSRB/set.zip", null)], server.Requests);
        Assert.Equal("c", File.ReadAllText(_folder.At("gtsrb/GTSRB/b/c.txt")));
        Assert.False(File.Exists(expected[0]));
    }

    [Fact]
    public async Task WhatHasNoAddressSaysWhatToDoByHand()
    {
        using var download = new DatasetDownload();
        var error = await Assert.ThrowsAsync<VisionMambaException>(
            () => download.RunAsync("IMNET", _folder.Path, new DownloadOptions(), null, Cancel));
        Assert.Contains("needs an account at image-net.org", error.Message);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Task<bool> Run(LoopbackServer server, string? sum = null) =>
        new FileDownload(_client, server.Url, Target, sum ?? s_sum) { Pause = _ => TimeSpan.Zero }.RunAsync(Cancel);
}
