using VisionMamba.Data.Images;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;

namespace VisionMamba.Tests.Support;

/// <summary>A folder with pictures of two classes, 16 px, and a backbone of a few thousand parameters: whole runs in
/// a second.</summary>
internal sealed class TinyTask : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("visionmamba-").FullName;

    public TinyTask(int train = 16, int validation = 8, int test = 4)
    {
        foreach ((string split, int count) in new[] { ("train", train), ("val", validation), ("test", test) })
        {
            for (int i = 0; i < count; i++)
                ImageWriter.WritePng(
                    At("data", split, i % 2 == 0 ? "above" : "below", $"{i:D2}.png"), Picture(i, split));
        }

        VisionMambaConfig config = VisionMambaConfig.OfWidth(16) with
        {
            Depth = 6,
            ImageSize = 16,
            Patch = 8,
            Stride = 8,
            Classes = 2,
            State = 4,
        };
        ModelFile.Save(At("backbone.safetensors"), new VisionMambaModel(
            config, TuningMethods.Create("full", []), seed: 3), new ModelCard());
    }

    /// <summary>The arguments of a run that takes a second.</summary>
    public string[] Train =>
    [
        "--data", At("data"), "--backbone", At("backbone.safetensors"), "--epochs", "2", "--batch", "4", "--lr", "0.2",
        "--warmup-epochs", "0", "--shared-layers", "3", "--inner-width", "4", "--threads", "1", "--workers", "1",
    ];

    public string At(params string[] parts) => Path.Combine([_folder, .. parts]);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>A bright half above or below.</summary>
    private static RgbImage Picture(int i, string split)
    {
        var rng = new Rng(1, (ulong)(i + (100 * split.Length)));
        var image = new RgbImage(16, 16);
        for (int at = 0; at < image.Pixels.Length; at++)
            image.Pixels[at] = (byte)((rng.Bits((ulong)at) & 63) + ((at / 48 < 8) == (i % 2 == 0) ? 150 : 0));
        return image;
    }
}
