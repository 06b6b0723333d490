using System.Text.Json;
using VisionMamba.Tensors.Files;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Files;

public class ReferenceFilesTests
{
    [Fact]
    public void EveryFileOpensAndEveryNumberReads()
    {
        string folder = Models();
        string[] paths = [.. Directory.GetFiles(folder).Where(p => Path.GetExtension(p) is ".pth" or ".safetensors")];
        Assert.NotEmpty(paths);
        foreach (string path in paths)
        {
            using TensorFile file = TensorFile.Open(path);
            Assert.Equal(path.EndsWith(".pth", StringComparison.Ordinal) ? "pytorch" : "safetensors", file.Format);
            Assert.NotEmpty(file.Tensors);
            foreach (StoredTensor stored in file.Tensors.Values)
            {
                float[] numbers = new float[stored.Count];
                stored.CopyTo(numbers);
                Assert.All(numbers, number => Assert.True(float.IsFinite(number)));
                Assert.True(stored.ToTensor().Span.SequenceEqual(numbers));
            }
        }
    }

    [Fact]
    public void CheckpointsHoldWhatTheManifestTrains()
    {
        string folder = Models();
        using var manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "manifest.json")));
        int compared = 0;
        foreach (JsonElement entry in manifest.RootElement.EnumerateArray())
        {
            using TensorFile checkpoint = Open("checkpoint"), tensors = Open("tensors");
            Assert.Equal("model", checkpoint.StateDictKey);
            Assert.Contains("epoch", checkpoint.Metadata);
            Assert.Contains(checkpoint.Metadata, pair => pair.Key.StartsWith("args.", StringComparison.Ordinal));
            foreach ((string name, StoredTensor stored) in tensors.Tensors)
            {
                string parameter = name[(name.IndexOf('.') + 1)..];
                if (name.Split('.')[0] is not ("grad" or "final"))
                    continue;
                Assert.Equal(checkpoint.Tensors[parameter].Shape.ToArray(), stored.Shape.ToArray());
                compared++;
            }

            TensorFile Open(string field) =>
                TensorFile.Open(Path.Combine(folder, entry.GetProperty(field).GetString()!));
        }

        Assert.True(compared > 0, "the manifest names no gradient and no trained parameter");
    }

    [Fact]
    public void ResumeCheckpointsKeepTheOptimizer()
    {
        string[] finals = Directory.GetFiles(Models(), "*_final.pth");
        Assert.NotEmpty(finals);
        foreach (string path in finals)
        {
            using TensorFile file = TensorFile.Open(path);
            var state = Assert.IsType<PickleDict>(file.Root!["optimizer"]!["state"]);
            PickleValue first = state.Entries[0].Value;
            Assert.NotNull(first["exp_avg"]?.Tensor);
            Assert.NotNull(first["exp_avg_sq"]?.Tensor);
            Assert.NotNull(((PickleDict)file.Root["optimizer"]!["param_groups"]!.Items[0])["lr"]?.Number);
        }
    }

    private static string Models() => Path.Combine(ReferenceData.Root, "model");
}
