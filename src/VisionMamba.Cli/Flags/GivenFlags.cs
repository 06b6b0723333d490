using System.CommandLine;
using System.CommandLine.Parsing;

namespace VisionMamba.Cli.Flags;

/// <summary>Which flags a user gave, as against those that have a value from a recipe or by default.</summary>
internal static class GivenFlags
{
    /// <summary>Whether <paramref name="option"/> stands on the command line.</summary>
    public static bool IsGiven(this ParseResult parsed, Option option) =>
        parsed.GetResult(option) is { Implicit: false };

    /// <summary>The same by name; false for a flag that the command does not have.</summary>
    public static bool IsGiven(this ParseResult parsed, string flag) =>
        parsed.CommandResult.Command.Options.FirstOrDefault(o => o.Name == flag) is { } option
        && parsed.IsGiven(option);

    /// <summary>
    /// Those whose name is <paramref name="wanted"/> as words of a command line, each value as
    /// <paramref name="written"/> has it.
    /// </summary>
    public static IReadOnlyList<string> Of(
        ParseResult parsed, Func<string, bool> wanted, Func<string, string, string>? written = null) =>
        [.. parsed.CommandResult.Children.OfType<OptionResult>()
            .Where(o => !o.Implicit && wanted(o.Option.Name))
            .SelectMany(o => o.Tokens.Select(t => written?.Invoke(o.Option.Name, t.Value) ?? t.Value)
                .Prepend(o.Option.Name))];
}
