using System.CommandLine;
using VisionMamba.Cli.Flags;

namespace VisionMamba.Cli.Studies;

/// <summary>
/// --device and --threads as given: they belong to the machine at hand, not to the study. (--precision does.)
/// </summary>
internal static class DeviceArguments
{
    /// <summary>The flags.</summary>
    public static readonly string[] Names = ["--device", "--threads"];

    public static IReadOnlyList<string> Of(ParseResult parsed) => GivenFlags.Of(parsed, Names.Contains);
}
