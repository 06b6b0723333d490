using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;

namespace VisionMamba.Cli.Runs;

/// <summary>Prompt packs of runs and checkpoints.</summary>
internal static class PackFiles
{
    /// <summary>
    /// Writes pack.safetensors beside a run's best model; null where the method leaves no backbone to share.
    /// </summary>
    public static string? WriteBeside(string best)
    {
        // Copied: where a mapped file cannot be deleted, the model would be in its own way.
        LoadedModel loaded = ModelFile.Load(best, new LoadOptions { Copy = true });
        if (!HasBackbone(loaded.Model))
            return null;
        string path = Path.Combine(Path.GetDirectoryName(best)!, "pack.safetensors");
        Write(path, loaded, best);
        return path;
    }

    /// <summary>Writes the pack of the model read from <paramref name="checkpoint"/>.</summary>
    public static void Write(string path, LoadedModel loaded, string checkpoint)
    {
        var source = loaded.Card.Provenance["source"] as System.Text.Json.Nodes.JsonObject;
        string name = (string?)source?["backbone"] ?? Path.GetFileName(checkpoint);
        PromptPack.Save(path, loaded.Model, loaded.Card, name, (string?)source?["position_embeddings"] == "resized");
    }

    private static bool HasBackbone(VisionMambaModel model) =>
        model.Parameters.All.Any(p => !p.NeedsGradient && BackboneContent.Includes(p.Name!));
}
