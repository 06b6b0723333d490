using System.Collections;
using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace VisionMamba.Cli.Recipes;

/// <summary>The options of a command that a recipe may set, and the setting of them.</summary>
internal sealed class RecipeOptions
{
    // What belongs to one run on one machine is not a recipe's.
    private static readonly string[] s_places =
    [
        "--data", "--backbone", "--teacher", "--output", "--recipe", "--resume", "--resume-from", "--dry-run", "--json",
        "--quiet", "--model",
        "--seeds", "--trials", "--threads", "--device", "--precision", "--memory-limit", "--help", "--version",
    ];

    private readonly Command _command;

    public RecipeOptions(Command command)
    {
        _command = command;
        ByKey = command.Options.Where(
            o => !s_places.Contains(o.Name) && !o.Hidden && !o.Name.StartsWith("--tune-", StringComparison.Ordinal))
            .ToDictionary(o => Key(o.Name));
    }

    /// <summary>The options by a recipe's key.</summary>
    public IReadOnlyDictionary<string, Option> ByKey { get; }

    /// <summary>--shared-layers is shared_layers.</summary>
    public static string Key(string flag) => flag.TrimStart('-').Replace('-', '_');

    /// <summary>The JSON type of one value of <paramref name="option"/>: boolean, integer, number or string.</summary>
    public static string JsonType(Option option)
    {
        Type type = Element(option);
        return type == typeof(bool) ? "boolean"
            : type == typeof(string) || type.IsEnum ? "string"
            : type == typeof(float) || type == typeof(double) ? "number" : "integer";
    }

    /// <summary>Whether <paramref name="option"/> takes several values, a JSON array.</summary>
    public static bool IsList(Option option) =>
        option.ValueType != typeof(string) && typeof(IEnumerable).IsAssignableFrom(option.ValueType);

    /// <summary>Makes the recipe's values the defaults of the command's options.</summary>
    /// <exception cref="VisionMambaException">A key is unknown or a value is not one of its option's.</exception>
    public void Apply(Recipe recipe)
    {
        foreach ((string key, JsonElement value) in recipe.Options)
        {
            if (!ByKey.TryGetValue(key, out Option? option))
                throw new VisionMambaException(
                    $"{recipe.Path}: {key}: is not an option of svp train (svp recipes schema lists them)");
            string? problem = TypeProblem(option, value)
                ?? (RecipeRule.All.TryGetValue(key, out RecipeRule? rule) ? rule.Broken(value) : null);
            ParseResult parsed = _command.Parse([option.Name, .. problem is null ? Tokens(value) : []]);
            problem ??= parsed.GetResult(option)?.Errors.FirstOrDefault() is { } error ? OneLine(error.Message) : null;
            if (problem is not null)
                throw new VisionMambaException($"{recipe.Path}: {key}: {problem} (it is {value.GetRawText()})");
            OptionValue.Of(option).MakeDefault(parsed);
        }
    }

    /// <summary>The words that <paramref name="option"/> is restricted to; empty where any will do.</summary>
    public static IReadOnlyList<string> Words(Option option) => JsonType(option) == "string"
        ? [.. option.GetCompletions(System.CommandLine.Completions.CompletionContext.Empty).Select(c => c.Label)] : [];

    /// <summary>The parser lists allowed words on lines of their own.</summary>
    public static string OneLine(string message) =>
        string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static Type Element(Option option)
    {
        Type type = option.ValueType;
        if (IsList(option))
            type = type.GetElementType() ?? type.GetGenericArguments()[0];
        return Nullable.GetUnderlyingType(type) ?? type;
    }

    private static string? TypeProblem(Option option, JsonElement value)
    {
        string type = JsonType(option);
        if (IsList(option))
        {
            return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(v => Fits(type, v))
                ? null : $"must be an array of {type}s";
        }

        return Fits(type, value) ? null : $"must be {(type == "integer" ? "an integer" : $"a {type}")}";
    }

    private static bool Fits(string type, JsonElement value) => type switch
    {
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "string" => value.ValueKind == JsonValueKind.String,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        _ => value.ValueKind == JsonValueKind.Number && double.IsFinite(value.GetDouble()),
    };

    /// <summary>A value as a command line gives it.</summary>
    public static IEnumerable<string> Tokens(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Tokens),
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.True => ["true"],
        JsonValueKind.False => ["false"],
        _ => [value.TryGetInt64(out long whole)
            ? whole.ToString(CultureInfo.InvariantCulture) : value.GetDouble().ToString(
                "R", CultureInfo.InvariantCulture)],
    };
}
