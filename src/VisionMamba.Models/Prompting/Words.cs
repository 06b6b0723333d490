using System.Text.RegularExpressions;

namespace VisionMamba.Models.Prompting;

/// <summary>
/// The command line's and files' words for the values of an enumeration: "PairedHalves" is "paired-halves".
/// </summary>
internal static partial class Words
{
    public static string Of<T>(T value)
        where T : struct, Enum => Hump().Replace(value.ToString(), "-$0").ToLowerInvariant();

    public static string[] All<T>()
        where T : struct, Enum => [.. Enum.GetValues<T>().Select(Of)];

    /// <summary>The value called <paramref name="word"/>; the first where there is none.</summary>
    public static T Parse<T>(string? word, string what)
        where T : struct, Enum
    {
        if (word is null)
            return default;
        int at = Array.IndexOf(All<T>(), word);
        return at >= 0 ? Enum.GetValues<T>()[at]
            : throw new VisionMambaException($"unknown {what} '{word}'; known are {string.Join(", ", All<T>())}");
    }

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex Hump();
}
