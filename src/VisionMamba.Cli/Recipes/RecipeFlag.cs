using System.CommandLine;
using VisionMamba.Cli.Flags;

namespace VisionMamba.Cli.Recipes;

/// <summary>--recipe, and what it does to a command line.</summary>
internal static class RecipeFlag
{
    public const string Name = "--recipe";

    public static Option<string?> Create() => new(Name)
    {
        Description = "take what is not given from a recipe: a name (svp recipes list) or a file",
        HelpName = "NAME|FILE",
    };

    /// <summary>The recipe of a parsed command line, or null.</summary>
    public static Recipe? Read(ParseResult parsed) =>
        Given(parsed) is { } name ? Recipe.Load(name) : null;

    /// <summary>Whether the command line or its recipe says a flag, as against its default.</summary>
    public static bool Says(ParseResult parsed, string flag) =>
        parsed.IsGiven(flag) || Read(parsed)?.Options.ContainsKey(RecipeOptions.Key(flag)) == true;

    /// <summary>Parses <paramref name="args"/>; where they name a recipe, its values become the defaults.</summary>
    public static ParseResult Parse(RootCommand root, IReadOnlyList<string> args)
    {
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0 || Read(parsed) is not { } recipe)
            return parsed;
        new RecipeOptions(parsed.CommandResult.Command).Apply(recipe);
        return root.Parse(args);
    }

    /// <summary>
    /// A refusal of something that the recipe set is the recipe's fault: it then names the file and the key. It begins
    /// with the flag ("--lr: must be"), or a model says it in words ("shared layers must be"); else null.
    /// </summary>
    public static string? Blame(ParseResult parsed, string message)
    {
        if (Given(parsed) is not { } name)
            return null;
        Recipe recipe = Recipe.Load(name);
        foreach (Option option in parsed.CommandResult.Command.Options)
        {
            string key = RecipeOptions.Key(option.Name), words = key.Replace('_', ' ');
            if (!recipe.Options.ContainsKey(key) || parsed.IsGiven(option))
                continue;
            if (message.StartsWith(option.Name + ":", StringComparison.Ordinal)
                || message.StartsWith(option.Name + " ", StringComparison.Ordinal))
                return $"{recipe.Path}: {key}{message[option.Name.Length..]}";
            if (message.Contains(words + " must", StringComparison.Ordinal))
                return $"{recipe.Path}: {key}: {message}";
        }

        return null;
    }

    private static string? Given(ParseResult parsed) =>
        parsed.CommandResult.Command.Options.OfType<Option<string?>>().FirstOrDefault(o => o.Name == Name) is { } option
            ? parsed.GetValue(option) : null;
}
