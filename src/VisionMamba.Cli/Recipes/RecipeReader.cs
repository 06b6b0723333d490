using System.Text.Json;

namespace VisionMamba.Cli.Recipes;

/// <summary>Reads a recipe's JSON; every refusal is one line that names the file and the key.</summary>
internal sealed class RecipeReader(string path)
{
    public Recipe Read(JsonElement root)
    {
        Dictionary<string, JsonElement> keys = Members(root, "the recipe");
        if (keys.Keys.FirstOrDefault(k => !Recipe.Keys.ContainsKey(k)) is { } unknown)
            throw Refused(unknown, $"is not a key of a recipe; they are {string.Join(", ", Recipe.Keys.Keys)}");
        return new Recipe(
            path,
            Text(keys, "name") ?? throw Refused("name", "is missing"),
            Text(keys, "description") ?? "",
            Text(keys, "source") ?? "",
            Count(keys, "classes"),
            Count(keys, "train_images"),
            Notes(keys),
            keys.TryGetValue("options", out JsonElement options)
                ? Members(options, "options") : throw Refused("options", "is missing"));
    }

    private VisionMambaException Refused(string key, string problem) => new($"{path}: {key}: {problem}");

    /// <summary>A key given twice would hide one of its values.</summary>
    private Dictionary<string, JsonElement> Members(JsonElement element, string what)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw new VisionMambaException($"{path}: {what} must be a JSON object");
        var members = new Dictionary<string, JsonElement>();
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!members.TryAdd(property.Name, property.Value))
                throw Refused(property.Name, "is given twice");
        }

        return members;
    }

    private string? Text(Dictionary<string, JsonElement> keys, string key)
    {
        if (!keys.TryGetValue(key, out JsonElement value))
            return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Refused(key, "must be a string");
    }

    private int? Count(Dictionary<string, JsonElement> keys, string key)
    {
        if (!keys.TryGetValue(key, out JsonElement value))
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int count) && count > 0
            ? count : throw Refused(key, "must be a whole number above 0");
    }

    private List<string> Notes(Dictionary<string, JsonElement> keys)
    {
        if (!keys.TryGetValue("notes", out JsonElement notes))
            return [];
        return notes.ValueKind == JsonValueKind.Array && notes.EnumerateArray().All(
            n => n.ValueKind == JsonValueKind.String)
            ? [.. notes.EnumerateArray().Select(n => n.GetString()!)]
            : throw Refused("notes", "must be an array of strings");
    }
}
