using System.Text.Json;
using System.Text.Json.Nodes;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Models.Checkpoints;

/// <summary>
/// What a file says of its model beside the tensors: JSON texts under keys that begin with "visionmamba.".
/// </summary>
internal static class ModelMetadata
{
    private const string ConfigKey = "visionmamba.config", MethodKey = "visionmamba.method";
    private const string CardKey = "visionmamba.card", Format = "visionmamba.format", Version = "1";

    public static Dictionary<string, string> Write(VisionMambaModel model, ModelCard card) => new()
    {
        [Format] = Version,
        [ConfigKey] = ConfigJson.Write(model.Config).ToJsonString(),
        [MethodKey] = new JsonObject
        {
            ["name"] = model.Method.Name,
            ["settings"] = model.Method.Settings,
        }.ToJsonString(),
        [CardKey] = new JsonObject
        {
            ["classes"] = new JsonArray([.. card.Classes.Select(c => (JsonNode)c)]),
            ["preprocessing"] = card.Preprocessing?.DeepClone(),
            ["provenance"] = card.Provenance.DeepClone(),
        }.ToJsonString(),
    };

    /// <summary>The recorded architecture, checked; null where the file records none.</summary>
    /// <exception cref="VisionMambaException">It is malformed, or of a later version of the format.</exception>
    public static VisionMambaConfig? ReadConfig(TensorFile file) => Read(file, ConfigKey, json =>
    {
        if (file.Metadata.TryGetValue(Format, out string? version) && version != Version)
        {
            throw new VisionMambaException(
                $"{Format} is '{version}' and only '{Version}' is known; read it with the version that wrote it");
        }

        VisionMambaConfig config = ConfigJson.Read(json);
        config.Validate();
        return config;
    });

    /// <summary>The recorded method and its settings, of a known name; null where the file records none.</summary>
    public static (string Name, JsonObject Settings)? ReadMethod(TensorFile file) =>
        file.Metadata.ContainsKey(MethodKey) ? Read<(string, JsonObject)>(file, MethodKey, json =>
        {
            string name = (string?)json["name"] ?? "";
            var settings = json["settings"] as JsonObject ?? [];
            TuningMethods.Create(name, settings);
            return (name, settings);
        }) : null;

    /// <summary>The recorded card; an empty one where there is none.</summary>
    public static ModelCard ReadCard(TensorFile file) => Read(file, CardKey, node => new ModelCard
    {
        Classes = [.. (node["classes"] as JsonArray ?? []).Select(c => (string?)c ?? "")],
        Preprocessing = node["preprocessing"] as JsonObject,
        Provenance = node["provenance"] as JsonObject ?? [],
    }) ?? new ModelCard();

    /// <summary>
    /// What <paramref name="read"/> makes of the JSON object under <paramref name="key"/>; a default where there is
    /// none.
    /// </summary>
    /// <exception cref="VisionMambaException">It is not what it should be.</exception>
    public static T? Read<T>(TensorFile file, string key, Func<JsonObject, T> read)
    {
        if (!file.Metadata.TryGetValue(key, out string? text))
            return default;
        try
        {
            return read(JsonNode.Parse(text) as JsonObject ?? throw new FormatException("it is no JSON object"));
        }
        catch (Exception e) when (e is JsonException or InvalidCastException or InvalidOperationException
            or FormatException or OverflowException or ArgumentException)
        {
            throw new VisionMambaException($"{file.Path}: its metadata {key} is malformed ({OneLine(e.Message)})", e);
        }
        catch (VisionMambaException e)
        {
            throw new VisionMambaException($"{file.Path}: its metadata {key} is refused: {e.Message}", e);
        }
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
