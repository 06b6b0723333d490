using System.Text.Json.Nodes;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Recipes;
using VisionMamba.Models.Prompting;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>The JSON Schema of a study file, made from its keys and the flags of svp train.</summary>
internal static class StudySchema
{
    public static string Text()
    {
        var options = new JsonObject();
        foreach ((string key, System.CommandLine.Option option) in StudyKeys.Options().OrderBy(
            o => o.Key, StringComparer.Ordinal))
            options[key] = RecipeSchema.Describe(key, option);
        JsonObject study = Object(StudyKeys.Study, "name", "tasks", "methods", "lr", "seeds");
        JsonObject task = Object(StudyKeys.Task, "name"), method = Object(StudyKeys.Method, "name");
        JsonObject top = Properties(study);
        top["notes"] = List(top["notes"], Of("string"));
        top["lr"] = List(top["lr"], new JsonObject { ["type"] = "number", ["exclusiveMinimum"] = 0 });
        top["seeds"] = List(top["seeds"], new JsonObject { ["type"] = "integer", ["minimum"] = 0 });
        top["lr_beyond"]!["type"] = "integer";
        top["lr_beyond"]!["minimum"] = 0;
        top["lr_beyond_within"]!["type"] = "number";
        top["lr_beyond_within"]!["minimum"] = 0;
        top["sweep_lr"]!["enum"] = new JsonArray(StudyFileReader.TunedRate, StudyFileReader.MethodRate);
        top["split_seed"]!["type"] = "integer";
        top["split_seed"]!["minimum"] = 0;
        top["tasks"] = List(top["tasks"], task);
        top["methods"] = List(top["methods"], method);
        JsonObject own = Properties(method);
        string names = string.Join('|', TuningMethods.All.Select(m => m.Name));
        own["method"]!["pattern"] = $"^({names})(\\+({names}))*$";
        own["tasks"] = List(own["tasks"], Of("string"));
        own["sweep_tasks"] = List(own["sweep_tasks"], Of("string"));
        own["sweeps"] = Map(own["sweeps"], new JsonObject { ["type"] = "array", ["minItems"] = 1 });
        foreach (JsonObject part in new[] { top, Properties(task), own })
        {
            part["options"]!["type"] = "object";
            part["options"]!["$ref"] = "#/$defs/options";
        }

        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "Study of svp",
            ["$defs"] = new JsonObject
            {
                ["options"] = new JsonObject
                {
                    ["type"] = "object",
                    ["additionalProperties"] = false,
                    ["properties"] = options,
                },
            },
        };
        foreach ((string key, JsonNode? node) in study)
            schema[key] = node?.DeepClone();
        return schema.ToJsonString(JsonOutput.Options) + "\n";
    }

    private static JsonObject Properties(JsonObject schema) => (JsonObject)schema["properties"]!;

    private static JsonObject Of(string type) => new() { ["type"] = type };

    private static JsonObject Object(IReadOnlyDictionary<string, string> keys, params string[] required)
    {
        var properties = new JsonObject();
        foreach ((string key, string what) in keys)
            properties[key] = new JsonObject { ["description"] = what, ["type"] = "string" };
        return new JsonObject
        {
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["required"] = new JsonArray([.. required.Select(r => (JsonNode)r)]),
            ["properties"] = properties,
        };
    }

    private static JsonObject List(JsonNode? described, JsonObject items) => new()
    {
        ["description"] = described!["description"]!.DeepClone(),
        ["type"] = "array",
        ["minItems"] = 1,
        ["items"] = items,
    };

    private static JsonObject Map(JsonNode? described, JsonObject values) => new()
    {
        ["description"] = described!["description"]!.DeepClone(),
        ["type"] = "object",
        ["additionalProperties"] = values,
    };
}
