using System.Text.Json.Nodes;
using VisionMamba.Models;
using VisionMamba.Tensors;

namespace VisionMamba.Cli.Bench;

/// <summary>
/// How time and memory grow with tokens and with images: a forward pass and an SVP step of one image from 196 to 4,096
/// patches (224 to 1024 px at patches of 16), and of 1 to 16 images at the model's size.
/// </summary>
internal sealed class ScalingBench(Backend backend, VisionMambaConfig config, int repeats, MachineProbe probe)
{
    // Sides in patches.
    private static readonly int[] s_sides = [14, 20, 28, 40, 56, 64], s_batches = [1, 2, 4, 8, 16];

    /// <summary>A row for each size; <paramref name="progress"/> is told of each before it begins.</summary>
    public JsonArray Rows(Action<string> progress)
    {
        var rows = new JsonArray();
        foreach (int side in s_sides)
            rows.Add((JsonNode)Row(((side - 1) * config.Stride) + config.Patch, 1, progress));
        foreach (int batch in s_batches)
            rows.Add((JsonNode)Row(config.ImageSize, batch, progress));
        return rows;
    }

    private JsonObject Row(int size, int batch, Action<string> progress)
    {
        VisionMambaConfig sized = config with { ImageSize = size };
        progress($"{size} px, batch {batch}");
        var bench = new ModelBench(backend, sized, batch, repeats, probe);
        double tokens = sized.Patches + 1;
        var row = new JsonObject
        {
            ["image_size"] = size,
            ["patches"] = sized.Patches,
            ["batch"] = batch,
        };
        (string, JsonObject)[] passes = [("forward", bench.Forward()), ("svp_step", bench.SvpStep())];
        foreach ((string pass, JsonObject figures) in passes)
        {
            figures["microseconds_per_token"] = 1e6 * (double)figures["seconds_per_image"]! / tokens;
            row[pass] = figures;
        }

        return row;
    }
}
