using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace VisionMamba.Training;

/// <summary>Whether a run may go on with other options than it was begun with.</summary>
internal static partial class ResumeCheck
{
    // What changes no number, or (stopping early) only when the run ends.
    private static readonly string[] s_free =
    [
        nameof(TrainingOptions.Workers), nameof(TrainingOptions.EarlyStop), nameof(TrainingOptions.ScaledRate),
        "SaveEvery", "TensorBoard", nameof(TrainingOptions.CacheBytes),
    ];

    private static readonly Dictionary<string, string> s_flags = new()
    {
        [nameof(TrainingOptions.LearningRate)] = "--lr",
        [nameof(TrainingOptions.MinimumRate)] = "--min-lr",
        [nameof(TrainingOptions.WarmupRate)] = "--warmup-lr",
        [nameof(TrainingOptions.ClipGradient)] = "--clip-grad",
        [nameof(TrainingOptions.Augment)] = "the augmentation",
    };

    /// <summary>The options that decide the result, as a checkpoint keeps them.</summary>
    public static string Write(TrainingOptions options)
    {
        JsonObject json = Json(options);
        foreach (string name in s_free)
            json.Remove(name);
        return json.ToJsonString();
    }

    /// <summary>
    /// Throws one line that names the options in which <paramref name="now"/> differs from those
    /// <paramref name="written"/> in the checkpoint at <paramref name="path"/>. More epochs are allowed where the rates
    /// of the earlier ones do not depend on their number.
    /// </summary>
    public static void Same(string path, string written, TrainingOptions now)
    {
        var before = (JsonObject)JsonNode.Parse(written)!;
        JsonObject present = Json(now), defaults = Json(new TrainingOptions());
        var differing = new List<string>();
        foreach ((string name, JsonNode? value) in present)
        {
            // An option that the checkpoint's program did not have yet had its default's effect.
            JsonNode? old = before.ContainsKey(name) ? before[name] : defaults[name];
            if (s_free.Contains(name) || JsonNode.DeepEquals(old, value) || (name == "Epochs" && Longer(old, now)))
                continue;
            string flag = s_flags.GetValueOrDefault(name)
                ?? "--" + Hump().Replace(name, "-$1").TrimStart('-').ToLowerInvariant();
            differing.Add(name == "Augment" ? flag : $"{flag} was {Text(old)}, is {Text(value)}");
        }

        if (differing.Count > 0)
        {
            throw new VisionMambaException(
                $"{path}: cannot be resumed with other options, since the result would differ: "
                + $"{string.Join("; ", differing)}; give the same, or begin a new run");
        }
    }

    private static bool Longer(JsonNode? old, TrainingOptions now) =>
        now.Sched is "step" or "multistep" or "plateau" && now.LrNoise.Count == 0 && now.Epochs >= (int)old!;

    private static string Text(JsonNode? value) => value?.ToJsonString() ?? "not given";

    private static JsonObject Json(TrainingOptions options) => OptionsJson.Write(options);

    [GeneratedRegex("([A-Z])")]
    private static partial Regex Hump();
}
