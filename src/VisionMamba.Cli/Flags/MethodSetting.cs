using System.CommandLine;
using System.Text.Json.Nodes;

namespace VisionMamba.Cli.Flags;

/// <summary>A flag that sets something of one or several tuning methods.</summary>
/// <param name="Flag">The flag.</param>
/// <param name="Key">Its key in the methods' settings.</param>
/// <param name="Methods">The methods that have it.</param>
/// <param name="Read">Its value; refuses one out of its range.</param>
internal sealed record MethodSetting(Option Flag, string Key, string[] Methods, Func<ParseResult, JsonNode?> Read)
{
    /// <summary>
    /// A setting whose values must satisfy <paramref name="holds"/>, which <paramref name="rule"/> says.
    /// </summary>
    public static MethodSetting Of<T>(
        string flag, string methods, string key, string what, T value, Func<T, bool> holds, string rule)
    {
        string[] names = methods.Split(' ');
        var option = new Option<T>(flag)
        {
            Description = $"{string.Join(", ", names)}: {what}",
            DefaultValueFactory = _ => value,
        };
        return new MethodSetting(option, key, names, parsed =>
        {
            T given = parsed.GetValue(option)!;
            return holds(given) ? Node(given)
                : throw new UsageException($"{flag}: must be {rule}");
        });
    }

    /// <summary>A setting that takes one of some words, the first by default.</summary>
    public static MethodSetting OfWords(
        string flag, string methods, string key, string what, IReadOnlyList<string> words)
    {
        string rule = string.Join(" or ", words);
        return Of(flag, methods, key, $"{what}: {string.Join(", ", words)}", words[0], words.Contains, rule);
    }

    /// <summary>Whether the command line itself gives it.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.IsGiven(Flag);

    private static JsonValue Node<T>(T value) => value switch
    {
        int number => JsonValue.Create(number),
        float number => JsonValue.Create(number),
        string word => JsonValue.Create(word),
        _ => throw new NotSupportedException($"settings of type {typeof(T)}"),
    };
}
