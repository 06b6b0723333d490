using System.Text.Json;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors.Files;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Golden;

/// <summary>One recorded case: its manifest entry, checkpoint and tensors.</summary>
public sealed class ModelCase
{
    private static string Folder => Path.Combine(ReferenceData.Root, "model");

    private ModelCase(JsonElement entry)
    {
        Entry = entry;
        Tensors = TensorFile.Open(Path.Combine(Folder, entry.GetProperty("tensors").GetString()!));
    }

    public JsonElement Entry { get; }

    public TensorFile Tensors { get; }

    public string CheckpointPath => Path.Combine(Folder, Entry.GetProperty("checkpoint").GetString()!);

    private JsonElement Config => Entry.GetProperty("config");

    public static IEnumerable<TheoryDataRow<string>> Names(string kind)
    {
        string manifest = Path.Combine(Folder, "manifest.json");
        if (!File.Exists(manifest))
            return [];
        return JsonDocument.Parse(File.ReadAllText(manifest)).RootElement.EnumerateArray()
            .Where(e => e.GetProperty("kind").GetString() == kind)
            .Select(e => new TheoryDataRow<string>(e.GetProperty("name").GetString()!));
    }

    public static ModelCase Open(string name) => new(
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "manifest.json"))).RootElement.EnumerateArray()
            .First(e => e.GetProperty("name").GetString() == name));

    /// <summary>The model as the file alone and the few facts that its shapes leave open give it.</summary>
    public VisionMambaModel Load()
    {
        bool prompt = Config.GetProperty("transfer_type").GetString() == "prompt";
        string source =
            Config.TryGetProperty("cross_prompt_source", out JsonElement s) ? s.GetString()! : "paired-halves";
        LoadedModel loaded = ModelFile.Load(CheckpointPath, new LoadOptions
        {
            ImageSize = Config.GetProperty("img_size").GetInt32(),
            Stride = Config.TryGetProperty("stride", out JsonElement stride) ? stride.GetInt32() : null,
            CrossPromptSource = prompt ? source : null,
            SimAm = Config.GetProperty("input_relu").GetBoolean(),
        });
        Assert.Equal(prompt ? "svp" : "full", loaded.Model.Method.Name);
        Assert.Equal(Config.GetProperty("embed_dim").GetInt32(), loaded.Model.Config.Dim);
        Assert.Equal(Config.GetProperty("depth").GetInt32(), loaded.Model.Config.Depth);
        Assert.Equal(Config.GetProperty("num_classes").GetInt32(), loaded.Model.Config.Classes);
        if (prompt)
        {
            Assert.Equal(
                Config.GetProperty("shared_layers").GetInt32(), (int)loaded.Model.Method.Settings["shared_layers"]!);
        }

        return loaded.Model;
    }

    public float[] Values(string name)
    {
        StoredTensor stored = Tensors.Tensors[name];
        float[] values = new float[stored.Count];
        stored.CopyTo(values);
        return values;
    }
}
