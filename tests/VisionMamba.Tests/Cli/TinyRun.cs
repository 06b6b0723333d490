using VisionMamba.Cli.Verbs;
using VisionMamba.Data.Datasets;
using VisionMamba.Data.Images;
using VisionMamba.Data.Procedural;
using VisionMamba.Tests.Data;

namespace VisionMamba.Tests.Cli;

/// <summary>
/// Three kinds of rendered pictures on disk, a backbone pre-trained on them and an SVP run, made once for all tests.
/// </summary>
public sealed class TinyRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TinyRun()
    {
        string[] classes = [.. ShapePictures.DemoClasses.Take(3)];
        foreach ((string split, int count) in new[] { ("train", 8), ("test", 4) })
        {
            ImageDataset set = DemoImages.Create(split, classes, count, seed: 5, stream: (ulong)count);
            for (int i = 0; i < set.Count; i++)
                ImageWriter.WritePng(At($"data/{split}/{set.Classes[set.Samples[i].Label]}/{i}.png"), set.Load(i));
        }

        CommandLine.Succeed(
            "pretrain", "--data", Data, "--dim", "16", "--depth", "2", "--patch", "8", "--image-size", "32",
            "--batch", "8", "--epochs", "1", "--output", At("backbone"), "--json");
        CommandLine.Succeed([.. TrainArguments("svp"), "--json"]);
    }

    public string Data => At("data");

    public string Backbone => At("backbone/last.safetensors");

    public string Checkpoint => At("svp/last.safetensors");

    public string Picture => Directory.GetFiles(At("data/test"), "*.png", SearchOption.AllDirectories).Order().First();

    public string At(string relative) => _folder.At(relative);

    public void Write(string file, string text) => _folder.Write(file, text);

    /// <summary>An SVP run of two epochs into a folder.</summary>
    public string[] TrainArguments(string output) =>
    [
        "train", "--data", Data, "--backbone", Backbone, "--method", "svp", "--inner-width", "8",
        "--shared-layers", "2", "--batch", "8", "--epochs", "2", "--lr", "0.1", "--seed", "3", "--output", At(output),
    ];

    public void Dispose() => _folder.Dispose();
}
