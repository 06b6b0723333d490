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

    /// <summary>
    /// Reads what <see cref="Write"/> wrote; for null, the ImageNet convention at <paramref name="size"/> pixels, which
    /// is the model's input.
    /// </summary>
    /// <exception cref="VisionMambaException">It is malformed or for inputs of another size.</exception>
    public static Preprocessing Read(JsonObject? json, int size)
    {
        if (json is null)
            return Preprocessing.ImageNet(size);
        try
        {
            var read = new Preprocessing(
                (int?)json["size"] ?? size,
                (double?)json["crop_fraction"] ?? 0.875,
                (string?)json["interpolation"] == "bilinear" ? Interpolation.Bilinear : Interpolation.Bicubic,
                Numbers(json["mean"]),
                Numbers(json["std"]));
            bool sound = read.Size == size && read.CropFraction is > 0 and <= 1 && read.Mean.Length == 3
                && read.Std.Length == 3 && read.Mean.All(float.IsFinite)
                    && read.Std.All(s => s > 0 && float.IsFinite(s));
            return sound ? read : throw new FormatException($"it does not make inputs of {size} px and 3 channels");
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or OverflowException
            or InvalidCastException)
        {
            throw new VisionMambaException(
                $"the preprocessing in the model's metadata is malformed ({e.Message.ReplaceLineEndings(" ")}); "
                + "save it again", e);
        }
    }

    private static float[] Numbers(JsonNode? array) => [.. ((array as JsonArray) ?? []).Select(v => (float)v!)];
}
