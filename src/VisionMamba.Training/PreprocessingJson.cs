using System.Text.Json.Nodes;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Images;

namespace VisionMamba.Training;

/// <summary>How images are prepared, as saved with a model.</summary>
public static class PreprocessingJson
{
    /// <summary>Writes all fields by name.</summary>
    public static JsonObject Write(Preprocessing p) => new()
    {
        ["size"] = p.Size,
        ["crop_fraction"] = p.CropFraction,
        ["interpolation"] = p.Interpolation == Interpolation.Bicubic ? "bicubic" : "bilinear",
        ["mean"] = new JsonArray([.. p.Mean.Select(v => (JsonNode)v)]),
        ["std"] = new JsonArray([.. p.Std.Select(v => (JsonNode)v)]),
    };

    /// <summary>Reads what <see cref="Write"/> wrote; for null, the ImageNet convention at <paramref name="size"/> pixels.</summary>
    public static Preprocessing Read(JsonObject? json, int size) => json is null ? Preprocessing.ImageNet(size) : new Preprocessing(
        (int?)json["size"] ?? size,
        (double?)json["crop_fraction"] ?? 0.875,
        (string?)json["interpolation"] == "bilinear" ? Interpolation.Bilinear : Interpolation.Bicubic,
        Numbers(json["mean"]),
        Numbers(json["std"]));

    private static float[] Numbers(JsonNode? array) => [.. ((array as JsonArray) ?? []).Select(v => (float)v!)];
}
