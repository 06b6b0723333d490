using System.CommandLine;
using System.CommandLine.Parsing;

namespace VisionMamba.Cli.Studies;

/// <summary>The flags that a user gave, with their values, as words of a command line.</summary>
internal static class GivenFlags
{
    /// <summary>
    /// Those whose name is <paramref name="wanted"/>, each value as <paramref name="written"/> has it.
    /// </summary>
    public static IReadOnlyList<string> Of(
        ParseResult parsed, Func<string, bool> wanted, Func<string, string, string>? written = null) =>
        [.. parsed.CommandResult.Children.OfType<OptionResult>()
            .Where(o => !o.Implicit && wanted(o.Option.Name))
            .SelectMany(o => o.Tokens.Select(t => written?.Invoke(o.Option.Name, t.Value) ?? t.Value)
                .Prepend(o.Option.Name))];
}
