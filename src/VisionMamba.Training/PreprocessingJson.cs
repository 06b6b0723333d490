using System.Text.Json.Nodes;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Images;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;

namespace VisionMamba.Training;

/// <summary>How images are prepared, as saved with a model.</summary>
public static class PreprocessingJson
{
    private const int Channels = 3;

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
    /// How images become the input of the model that was read from <paramref name="path"/>; with
    /// <paramref name="anySize"/> its input may be of another size by now.
    /// </summary>
    /// <exception cref="VisionMambaException">
    /// What the file says of it is malformed, or the model does not look at pictures of three channels.
    /// </exception>
    public static Preprocessing Of(LoadedModel loaded, string path, bool anySize = false)
    {
        try
        {
            CheckChannels(loaded.Model.Config);
            return Read(loaded.Card.Preprocessing, loaded.Model.Config.ImageSize, anySize);
        }
        catch (VisionMambaException e)
        {
            throw new VisionMambaException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Refuses a model that does not look at pictures of three channels.</summary>
    internal static void CheckChannels(VisionMambaConfig config)
    {
        if (config.Channels != Channels)
            throw new VisionMambaException(
                $"the model takes images of {config.Channels} channels; image files give three");
    }

    /// <summary>
    /// Reads what <see cref="Write"/> wrote; for null, the ImageNet convention at <paramref name="size"/> pixels, which
    /// is the model's input. With <paramref name="anySize"/> it may have been made for another one.
    /// </summary>
    /// <exception cref="VisionMambaException">It is malformed or for inputs of another size.</exception>
    public static Preprocessing Read(JsonObject? json, int size, bool anySize = false)
    {
        if (json is null)
            return Preprocessing.ImageNet(size);
        try
        {
            var read = new Preprocessing(
                (int?)json["size"] ?? size,
                (double?)json["crop_fraction"] ?? 0.875,
                (string?)json["interpolation"] switch
                {
                    null or "bicubic" => Interpolation.Bicubic,
                    "bilinear" => Interpolation.Bilinear,
                    var other => throw new FormatException($"interpolation '{other}' is unknown"),
                },
                Numbers(json["mean"]),
                Numbers(json["std"]));
            bool sound = (anySize || read.Size == size) && read.CropFraction is > 0 and <= 1
                && read.Mean.Length == Channels && read.Std.Length == Channels && read.Mean.All(float.IsFinite)
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
