using System.Globalization;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Output;

namespace VisionMamba.Cli.Planning;

/// <summary>A plan for people.</summary>
internal static class PlanText
{
    public static void Write(JsonObject plan, TextWriter to)
    {
        Settings(plan, to);
        to.WriteLine();
        if (plan["data"] is JsonObject data)
            to.WriteLine($"data         {data["description"]}; {data["classes"]} classes");
        Parameters(plan["parameters"]!, to);
        to.WriteLine($"rate         {(double)plan["learning_rate_scaled"]!:G4} after scaling lr by batch / 512");
        to.WriteLine(plan["steps"] is null
            ? "steps        not known without --data"
            : $"steps        {(long)plan["steps_per_epoch"]!:N0} an epoch, {(long)plan["steps"]!:N0} in all");
        Memory(plan["memory_estimate"]!, to);
        Time(plan["time_estimate"]!, to);
    }

    private static void Settings(JsonObject plan, TextWriter to)
    {
        if (plan["recipe"] is { } recipe)
            to.WriteLine($"recipe {recipe}");
        foreach (JsonNode? note in plan["notes"]!.AsArray())
            to.WriteLine($"note: {note}");
        var table = new TextTable("option", "value", "from");
        foreach ((string key, JsonNode? setting) in plan["settings"]!.AsObject())
        {
            string value = setting!["value"]?.ToJsonString(JsonOutput.Line) ?? "-";
            table.Add("--" + key.Replace('_', '-'), value, (string)setting["from"]!);
        }

        table.Write(to);
    }

    private static void Parameters(JsonNode parameters, TextWriter to)
    {
        to.WriteLine($"parameters   {(long)parameters["trainable"]!:N0} of {(long)parameters["total"]!:N0} train; "
            + $"{(long)parameters["prompts"]!:N0} are prompts");
        foreach ((string group, JsonNode? count) in parameters["groups"]!.AsObject())
            to.WriteLine($"  {group,-18} {(long)count!,12:N0}");
    }

    private static void Memory(JsonNode memory, TextWriter to)
    {
        to.WriteLine($"memory       about {Bytes(memory["total"])} (an estimate), and up to "
            + $"{Bytes(memory["decoded_images_kept_at_most"])} of decoded images; "
            + $"this machine has {Bytes(memory["machine"])}");
        foreach (string key in new[] { "weights", "training_state", "activations", "image_batches", "runtime" })
            to.WriteLine($"  {key.Replace('_', ' '),-22} {Bytes(memory[key]),10}");
        to.WriteLine($"  activations per image: {Bytes(memory["activations_per_image"])} by formula, "
            + $"{Bytes(memory["activations_per_image_measured"])} measured");
    }

    private static void Time(JsonNode time, TextWriter to)
    {
        string step = string.Create(CultureInfo.InvariantCulture,
            $"{(double)time["train_seconds_per_image"]!:G3} s an image to train, "
            + $"{(double)time["evaluate_seconds_per_image"]!:G3} s to evaluate, "
            + $"measured now with {time["measured_batch"]} images");
        to.WriteLine(time["total_seconds"] is { } total
            ? $"time         about {Duration((double)total)} (an estimate: {step}; decoding runs beside it)"
            : $"time         {step}");
    }

    private static string Bytes(JsonNode? bytes)
    {
        double value = (long)bytes!;
        return value >= 1e9 ? $"{value / 1e9:F1} GB" : $"{value / 1e6:F1} MB";
    }

    private static string Duration(double seconds)
    {
        var span = TimeSpan.FromSeconds(seconds);
        return span.TotalDays >= 1 ? $"{span.TotalDays:F1} days" : span.TotalHours >= 1 ? $"{span.TotalHours:F1} hours"
            : span.TotalMinutes >= 1 ? $"{span.TotalMinutes:F0} minutes" : $"{span.TotalSeconds:F0} seconds";
    }
}
