using System.Text.Json.Nodes;
using VisionMamba.Tests.Data;
using VisionMamba.Tests.Data.Downloads;

namespace VisionMamba.Tests.Cli;

/// <summary>svp data check and svp data download as a user types them.</summary>
[Collection(CommandLine.Collection)]
public sealed class DataVerbTests : IDisposable
{
    private const string Ppm = "P3 1 1 255 1 2 3\n";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ACompleteFolderEndsWithZero()
    {
        _folder.Write("a/1.ppm", Ppm);
        _folder.Write("b/1.ppm", Ppm);
        CommandResult result = CommandLine.Succeed("data", "check", "--data", _folder.Path, "--per-class");
        Assert.Contains("  b: train 1", result.Output);
        Assert.EndsWith("complete\n", result.Output.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void WhatIsNotTakenIsSaid()
    {
        _folder.Write("a/1.ppm", Ppm);
        _folder.Write("b/1.ppm", Ppm);
        _folder.Write("b/2.heic", "");
        string[] command = ["data", "check", "--data", _folder.Path];
        CommandResult result = CommandLine.Succeed(command);
        Assert.Contains("not taken: b/: .heic (1)\n", result.Output.ReplaceLineEndings("\n"));
        Assert.EndsWith("complete, but for what is not taken\n", result.Output.ReplaceLineEndings("\n"));
        JsonNode item = Assert.Single(CommandLine.Succeed([.. command, "--json"]).Json["not_taken"]!.AsArray())!;
        Assert.Equal(("b/", ".heic", 1), ((string)item["place"]!, (string)item["what"]!, (int)item["count"]!));
    }

    [Fact]
    public void EveryTiffAndDanglingLinkIsListed()
    {
        _folder.Write("a/1.ppm", Ppm);
        _folder.Write("b/1.ppm", Ppm);
        _folder.Write("a/2.tif", "II*\0");
        _folder.Write("b/3.tiff", "MM\0*");
        File.CreateSymbolicLink(_folder.At("b/4.png"), "nothing.png");
        CommandResult result = CommandLine.Run("data", "check", "--data", _folder.Path, "--json");
        Assert.Equal(1, result.Code);
        string[] lines = [.. result.Json["parts"]![0]!["unreadable"]!.AsArray().Select(line => (string)line!)];
        Assert.Equal(3, lines.Length);
        Assert.All(lines[..2], line => Assert.Contains("TIFF images are not read", line));
        Assert.Contains("4.png: is a link to nothing.png", lines[2]);
    }

    [Fact]
    public void AnIncompleteSetEndsWithOneAndSaysWhatGoesWhere()
    {
        CommandResult text = CommandLine.Run("data", "check", "--data-set", "SVHN", "--data", _folder.Path);
        Assert.Equal(1, text.Code);
        Assert.Contains("  train_32x32.mat", text.Output);
        Assert.Contains("Get it with: svp data download SVHN", text.Output);
        _folder.Write("a/1.ppm", "P6 9 9 255 ");
        CommandResult broken = CommandLine.Run("data", "check", "--data", _folder.Path, "--json");
        Assert.Equal(1, broken.Code);
        Assert.False((bool)broken.Json["complete"]!);
        JsonNode part = broken.Json["parts"]![0]!;
        Assert.Equal([1], part["per_class"]!.AsArray().Select(n => (int)n!));
        Assert.Contains("cut short", (string)part["unreadable"]![0]!);
    }

    [Fact]
    public void AWrongFileFromAMirrorIsRefused()
    {
        using var server = new LoopbackServer("not the list"u8.ToArray());
        CommandResult result = CommandLine.Run(
            "data", "download", "CUB200", "--only", "splits", "--output", _folder.At("out"), "--url-base",
            server.Url.GetLeftPart(UriPartial.Authority));
        Assert.Equal(1, result.Code);
        Assert.Contains("/CUB200/train.json: what came is not the published file", result.Log);
        Assert.Empty(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData(2, "data check --data-set DTD", "--data DIR is missing")]
    [InlineData(2, "data download DTD", "--output DIR is missing")]
    [InlineData(2, "data download DTD --output x --only everything", "--only everything")]
    [InlineData(2, "data download DTD --output x --url-base ftp://x", "--url-base ftp://x")]
    [InlineData(2, "data download nothing --output x", "data set \"nothing\" is not known")]
    [InlineData(1, "data download VTAB_dtd --output x", "by hand")]
    [InlineData(2, "data check --data-set nothing --data x", "data set \"nothing\" is not known")]
    [InlineData(2, "pretrain --output x --data x --select-on last", "--select-on last")]
    public void AMistakeIsOneLine(int code, string line, string says)
    {
        CommandResult result = CommandLine.Run(line.Split(' '));
        Assert.Equal(code, result.Code);
        Assert.Contains(says, Assert.Single(result.Log.TrimEnd().Split('\n')));
    }

    [Fact]
    public void WhatWouldBeDownloadedIsListedAsJson()
    {
        JsonNode list = CommandLine.Succeed("data", "download", "CIFAR10", "--list", "--json").Json;
        JsonNode file = Assert.Single(list["files"]!.AsArray())!;
        Assert.StartsWith("https://", (string)file["url"]!);
        Assert.Contains(':', (string)file["checksum"]!);
    }
}
