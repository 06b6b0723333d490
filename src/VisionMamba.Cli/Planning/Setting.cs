using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Recipes;

namespace VisionMamba.Cli.Planning;

/// <summary>A resolved option.</summary>
/// <param name="Key">Its recipe key.</param>
/// <param name="Value">Its value; null when it is not set.</param>
/// <param name="Origin">flag, recipe or default.</param>
internal sealed record Setting(string Key, JsonNode? Value, string Origin)
{
    /// <summary>The settings of <paramref name="options"/> as <paramref name="parsed"/> resolves them.</summary>
    public static IReadOnlyList<Setting> All(ParseResult parsed, IEnumerable<Option> options, Recipe? recipe) =>
        [.. options.Select(option => Of(parsed, option, recipe))];

    private static Setting Of(ParseResult parsed, Option option, Recipe? recipe)
    {
        string key = RecipeOptions.Key(option.Name);
        string origin = parsed.IsGiven(option) ? "flag"
            : recipe?.Options.ContainsKey(key) == true ? "recipe" : "default";
        return new Setting(key, OptionValue.Of(option).Read(parsed), origin);
    }
}
