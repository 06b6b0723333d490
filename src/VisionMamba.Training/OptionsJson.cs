using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using VisionMamba.Data.Augment;

namespace VisionMamba.Training;

/// <summary>
/// Options of a run as JSON, by code made at compile time: it needs no reflection, so it works in a native program and
/// costs no start-up.
/// </summary>
public static class OptionsJson
{
    /// <summary>All options by their names.</summary>
    public static JsonObject Write(TrainingOptions options) =>
        (JsonObject)JsonSerializer.SerializeToNode(options, TrainingJson.Default.TrainingOptions)!;

    /// <summary>All options of the augmentation by their names.</summary>
    public static JsonObject Write(AugmentOptions options) =>
        (JsonObject)JsonSerializer.SerializeToNode(options, TrainingJson.Default.AugmentOptions)!;

    /// <summary>The options; those that <paramref name="json"/> lacks have their defaults.</summary>
    /// <exception cref="JsonException">A value is not of its option's type, or null where it must not be.</exception>
    public static TrainingOptions Read(JsonObject json) =>
        Completed(json, Write(new TrainingOptions())).Deserialize(TrainingJson.Default.TrainingOptions)!;

    /// <summary>The augmentation; what <paramref name="json"/> lacks has its default.</summary>
    /// <exception cref="JsonException">A value is not of its option's type, or null where it must not be.</exception>
    public static AugmentOptions ReadAugment(JsonObject json) =>
        Completed(json, Write(new AugmentOptions())).Deserialize(TrainingJson.Default.AugmentOptions)!;

    /// <summary>Whether an option of <paramref name="type"/>, a record of options, holds a real number.</summary>
    public static bool IsReal(Type type, string option) => TrainingJson.Default.GetTypeInfo(type)!.Properties
        .Single(p => p.Name == option).PropertyType == typeof(double);

    /// <summary>
    /// <paramref name="given"/> with what it lacks from <paramref name="defaults"/>, objects within it likewise. Code
    /// made at compile time sets every property of a record that can only be set at its birth, so it would lose the
    /// initial values of those that are not given.
    /// </summary>
    public static JsonObject Completed(JsonObject given, JsonObject defaults)
    {
        var whole = (JsonObject)given.DeepClone();
        foreach ((string name, JsonNode? value) in defaults)
        {
            if (!whole.TryGetPropertyValue(name, out JsonNode? here))
                whole[name] = value?.DeepClone();
            else if (here is JsonObject inner && value is JsonObject innerDefaults)
                whole[name] = Completed(inner, innerDefaults);
        }

        return whole;
    }
}

/// <summary>Serialisers of what a run keeps, made at compile time.</summary>
[JsonSourceGenerationOptions(RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TrainingOptions))]
[JsonSerializable(typeof(TrainingState))]
internal sealed partial class TrainingJson : JsonSerializerContext;
