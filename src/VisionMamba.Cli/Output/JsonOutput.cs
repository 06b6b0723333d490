using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace VisionMamba.Cli.Output;

/// <summary>One JSON document on stdout.</summary>
internal static class JsonOutput
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>The same on one line.</summary>
    public static JsonSerializerOptions Line { get; } = new(Options) { WriteIndented = false };

    /// <summary>As a reader would get it: a number is then a number, whatever type it was made from.</summary>
    public static JsonObject Reread(JsonObject document) => (JsonObject)JsonNode.Parse(document.ToJsonString(Line))!;

    public static void Write(JsonNode document) => Console.Out.WriteLine(document.ToJsonString(Options));
}
