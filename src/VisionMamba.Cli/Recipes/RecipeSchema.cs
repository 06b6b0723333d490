using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Output;

namespace VisionMamba.Cli.Recipes;

/// <summary>The JSON Schema of a recipe, made from the flags of svp train, so that it cannot differ from
/// them.</summary>
internal static class RecipeSchema
{
    public static string Text(Command train) => Write(train).ToJsonString(JsonOutput.Options) + "\n";

    private static JsonObject Write(Command train)
    {
        var options = new JsonObject();
        foreach ((string key, Option option) in new RecipeOptions(train).ByKey.OrderBy(
            o => o.Key, StringComparer.Ordinal))
            options[key] = Describe(key, option);
        var properties = new JsonObject();
        foreach ((string key, string what) in Recipe.Keys)
            properties[key] = new JsonObject { ["description"] = what, ["type"] = "string" };
        foreach (string key in new[] { "classes", "train_images" })
        {
            properties[key]!["type"] = "integer";
            properties[key]!["minimum"] = 1;
        }

        properties["notes"]!["type"] = "array";
        properties["notes"]!["items"] = new JsonObject { ["type"] = "string" };
        properties["options"]!["type"] = "object";
        properties["options"]!["additionalProperties"] = false;
        properties["options"]!["properties"] = options;
        return new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "Training recipe of svp",
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["required"] = new JsonArray("name", "options"),
            ["properties"] = properties,
        };
    }

    /// <summary>The schema of one option.</summary>
    public static JsonObject Describe(string key, Option option)
    {
        var value = new JsonObject { ["type"] = RecipeOptions.JsonType(option) };
        if (RecipeOptions.Words(option) is { Count: > 0 } words)
            value["enum"] = new JsonArray([.. words.Select(w => (JsonNode)w)]);
        if (RecipeRule.All.TryGetValue(key, out RecipeRule? rule))
            rule.Describe(value);
        var schema = new JsonObject { ["description"] = option.Description };
        if (RecipeOptions.IsList(option))
        {
            schema["type"] = "array";
            schema["items"] = value;
            return schema;
        }

        foreach ((string name, JsonNode? node) in value)
            schema[name] = node?.DeepClone();
        if (option.HasDefaultValue && option.GetDefaultValue() is { } standard)
            schema["default"] = OptionValue.Of(option).Node(standard);
        return schema;
    }
}
