using System.Text.Json;
using System.Text.Json.Nodes;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Training;

namespace VisionMamba.Cli.Runs;

/// <summary>
/// What a checkpoint's provenance says of its run: which images it saw and with which options. Older checkpoints say
/// nothing; then the run.json beside them is asked.
/// </summary>
internal static class TrainedOn
{
    private const string Key = "run";

    /// <summary>Adds the record to a provenance. The folder stays out: it tells of one machine only.</summary>
    public static void Write(JsonObject provenance, RunData data, TrainingOptions options)
    {
        var images = RunJson.Write(data);
        images.Remove(nameof(RunData.Folder));
        provenance[Key] = new JsonObject
        {
            ["data"] = images,
            ["options"] = OptionsJson.Write(options),
        };
    }

    /// <summary>
    /// The images of the run that made the model at <paramref name="path"/>; null where nothing is known.
    /// </summary>
    public static RunData? Data(ModelCard card, string path) => Read(card, path, "data", RunJson.ReadData);

    /// <summary>The options of that run; null where nothing is known.</summary>
    public static TrainingOptions? Options(ModelCard card, string path) =>
        Read(card, path, "options", OptionsJson.Read);

    /// <summary>
    /// Where the images of the run lay in whose folder the checkpoint at <paramref name="path"/> is; or null.
    /// </summary>
    public static string? Folder(string path)
    {
        try
        {
            return (string?)Settings(path)?["data"]?[nameof(RunData.Folder)];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static JsonNode? Settings(string path)
    {
        string settings = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path)) ?? "", "run.json");
        bool ofRun = Path.GetFileName(path) is "last.safetensors" or "best.safetensors";
        return ofRun && File.Exists(settings) ? JsonNode.Parse(File.ReadAllText(settings)) : null;
    }

    private static T? Read<T>(ModelCard card, string path, string part, Func<JsonObject, T> read)
        where T : class
    {
        try
        {
            if (card.Provenance[Key] is JsonObject run && run[part] is JsonObject recorded)
                return read(recorded);
            return Settings(path)?[part] is { } node ? read(node.AsObject()) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NotSupportedException)
        {
            throw new VisionMambaException(
                $"{path}: its record of the run is malformed ({e.Message.ReplaceLineEndings(" ")})", e);
        }
    }
}
