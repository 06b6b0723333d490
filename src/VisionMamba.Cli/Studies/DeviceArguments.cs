using System.CommandLine;
using System.CommandLine.Parsing;

namespace VisionMamba.Cli.Studies;

/// <summary>
/// --device, --precision and --threads as given: they belong to the machine at hand, not to the study.
/// </summary>
internal static class DeviceArguments
{
    /// <summary>The flags.</summary>
    public static readonly string[] Names = ["--device", "--precision", "--threads"];

    public static IReadOnlyList<string> Of(ParseResult parsed) =>
        [.. parsed.CommandResult.Children.OfType<OptionResult>()
            .Where(o => !o.Implicit && Names.Contains(o.Option.Name))
            .SelectMany(o => o.Tokens.Select(t => t.Value).Prepend(o.Option.Name))];
}
