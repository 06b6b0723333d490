using System.Text.Json.Nodes;
using VisionMamba.Tensors;

namespace VisionMamba.Models.Checkpoints;

/// <summary>A model's configuration as JSON, in files and in run.json.</summary>
public static class ConfigJson
{
    /// <summary>Writes every size by name.</summary>
    public static JsonObject Write(VisionMambaConfig c) => new()
    {
        ["image_size"] = c.ImageSize,
        ["patch"] = c.Patch,
        ["stride"] = c.Stride,
        ["channels"] = c.Channels,
        ["dim"] = c.Dim,
        ["depth"] = c.Depth,
        ["inner"] = c.Inner,
        ["state"] = c.State,
        ["rank"] = c.Rank,
        ["conv_width"] = c.ConvWidth,
        ["classes"] = c.Classes,
        ["head_layers"] = c.HeadLayers,
        ["norm"] = c.Norm == NormKind.RmsNorm ? "rms" : "layer",
        ["epsilon"] = c.Epsilon,
        ["simam"] = c.SimAm,
    };

    /// <summary>Reads what <see cref="Write"/> wrote; a missing key is a <see cref="FormatException"/>.</summary>
    public static VisionMambaConfig Read(JsonObject json)
    {
        JsonNode Need(string key) => json[key] ?? throw new FormatException($"'{key}' is missing");
        int Size(string key) => (int)Need(key);
        return new VisionMambaConfig
        {
            ImageSize = Size("image_size"),
            Patch = Size("patch"),
            Stride = Size("stride"),
            Channels = Size("channels"),
            Dim = Size("dim"),
            Depth = Size("depth"),
            Inner = Size("inner"),
            State = Size("state"),
            Rank = Size("rank"),
            ConvWidth = Size("conv_width"),
            Classes = Size("classes"),
            HeadLayers = Size("head_layers"),
            Norm = (string?)Need("norm") switch
            {
                "rms" => NormKind.RmsNorm,
                "layer" => NormKind.LayerNorm,
                var other => throw new FormatException($"norm '{other}' is neither 'rms' nor 'layer'"),
            },
            Epsilon = (float)Need("epsilon"),
            SimAm = (bool)Need("simam"),
        };
    }
}
