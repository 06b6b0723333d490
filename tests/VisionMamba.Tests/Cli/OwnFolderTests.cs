using System.Text.Json.Nodes;
using VisionMamba.Tests.Data;

namespace VisionMamba.Tests.Cli;

/// <summary>Folders that people have: one class, no parts, some of the classes, what is no image.</summary>
[Collection(CommandLine.Collection)]
public sealed class OwnFolderTests(TinyRun run) : IClassFixture<TinyRun>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("train --method linear --backbone BACKBONE")]
    [InlineData("train --method auto --backbone BACKBONE")]
    [InlineData("train --method linear --backbone BACKBONE --dry-run")]
    [InlineData("pretrain --dim 16 --depth 1")]
    [InlineData("tune --method linear --backbone BACKBONE")]
    public void OneClassIsNothingToTrainOn(string line)
    {
        Fill("proj/images");
        string[] words = [.. line.Split(' ').Select(word => word == "BACKBONE" ? run.Backbone : word)];
        CommandResult result = CommandLine.Run(
            [.. words, "--data", _folder.At("proj"), "--output", _folder.At("out")]);
        Assert.Equal(1, result.Code);
        Assert.Equal(
            $"svp: {_folder.At("proj")}: has one class only ('images'); give the folder that holds the class folders, "
            + $"perhaps {_folder.At("proj/images")}",
            result.Log.TrimEnd().Split('\n')[^1]);
        Assert.False(Directory.Exists(_folder.At("out")));
    }

    /// <summary>Copies the test pictures, a folder per class.</summary>
    private void Fill(string to, params string[] classes)
    {
        foreach (string file in Directory.GetFiles(run.At("data/test"), "*.png", SearchOption.AllDirectories))
        {
            string name = Path.GetFileName(Path.GetDirectoryName(file)!);
            if (classes.Length > 0 && !classes.Contains(name))
                continue;
            string target = _folder.At(Path.Combine(to, name, Path.GetFileName(file)));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
