using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using VisionMamba.Cli.Studies;
using VisionMamba.Training;

namespace VisionMamba.Cli.Runs;

/// <summary>What run.json and study.json hold; what is missing or null and must not be is an error.</summary>
internal static class RunJson
{
    /// <summary>Which images, by their names.</summary>
    public static JsonObject Write(RunData data) =>
        (JsonObject)JsonSerializer.SerializeToNode(data, RunTypes.Default.Data)!;

    /// <summary>Which images a model was trained on; what is left out has its default.</summary>
    /// <exception cref="JsonException">Something is of another type.</exception>
    public static RunData ReadData(JsonObject json) =>
        OptionsJson.Completed(json, Write(new RunData("", null, 0, null, null, 0))).Deserialize(RunTypes.Default.Data)!;

    /// <summary>The settings in a run.json.</summary>
    /// <exception cref="JsonException">Something that must be there is missing or of another type.</exception>
    public static RunSettings ReadSettings(string text)
    {
        JsonObject run = JsonNode.Parse(text) as JsonObject ?? throw new JsonException("it is no object");
        var defaults = new JsonObject
        {
            ["data"] = LaterData(),
            ["options"] = OptionsJson.Write(new TrainingOptions()),
        };
        // Only what is there is completed: settings that are missing altogether are an error.
        foreach (string part in new[] { "data", "options" })
        {
            if (run[part] is not JsonObject)
                defaults.Remove(part);
        }

        return OptionsJson.Completed(run, defaults).Deserialize(RunTypes.Default.Settings)!;
    }

    /// <summary>A series of runs, for study.json.</summary>
    public static JsonNode Write(RunSeries series) =>
        JsonSerializer.SerializeToNode(series, RunTypes.Default.RunSeries)!;

    /// <summary>A study.json's series of runs.</summary>
    /// <exception cref="JsonException">Something that must be there is missing or of another type.</exception>
    public static RunSeries ReadSeries(string text) =>
        JsonSerializer.Deserialize(text, RunTypes.Default.RunSeries) ?? throw new JsonException("it is null");

    /// <summary>Defaults of what run.json came to hold after its first version; every run has the rest.</summary>
    private static JsonObject LaterData()
    {
        JsonObject all = Write(new RunData("", null, 0, null, null, 0));
        foreach (string first in new[]
        {
            nameof(RunData.Folder), nameof(RunData.DataSet), nameof(RunData.ValidationFraction),
            nameof(RunData.MaxClasses), nameof(RunData.MaxImages), nameof(RunData.SplitSeed),
        })
            all.Remove(first);
        return all;
    }
}

/// <summary>Serialisers made at compile time.</summary>
[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RunSettings), TypeInfoPropertyName = "Settings")]
[JsonSerializable(typeof(RunData), TypeInfoPropertyName = "Data")]
[JsonSerializable(typeof(RunSeries))]
internal sealed partial class RunTypes : JsonSerializerContext;
