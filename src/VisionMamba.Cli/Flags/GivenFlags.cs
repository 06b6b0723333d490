using System.CommandLine;
using System.CommandLine.Parsing;

namespace VisionMamba.Cli.Flags;

/// <summary>Which flags a user gave, as against those that have a value from a recipe or by default.</summary>
internal static class GivenFlags
{
    /// <summary>
    /// Says that flags may lie idle, as a recipe's may: for command lines that studies make of their options.
    /// </summary>
    public const string MayLieIdle = "--may-lie-idle";

    /// <summary>Whether <paramref name="option"/> stands on the command line.</summary>
    public static bool IsGiven(this ParseResult parsed, Option option) =>
        parsed.GetResult(option) is { Implicit: false };

    /// <summary>The same by name; false for a flag that the command does not have.</summary>
    public static bool IsGiven(this ParseResult parsed, string flag) =>
        parsed.CommandResult.Command.Options.FirstOrDefault(o => o.Name == flag) is { } option
        && parsed.IsGiven(option);

    /// <summary>
    /// Refuses what stands on the command line and has no effect beside the rest. What a recipe or a default says may
    /// lie idle.
    /// </summary>
    /// <exception cref="UsageException">One of <paramref name="flags"/> is idle and given.</exception>
    public static void RefuseIdle(this ParseResult parsed, params (Option Flag, bool Idle, string Why)[] flags)
    {
        if (parsed.IsGiven(MayLieIdle))
            return;
        foreach ((Option flag, bool idle, string why) in flags)
        {
            if (idle && parsed.IsGiven(flag))
                throw new UsageException($"{flag.Name}: has no effect here: {why}; or leave it out");
        }
    }

    /// <summary>The words of a command line without some flags and their values.</summary>
    public static IReadOnlyList<string> Without(IReadOnlyList<string> words, IReadOnlyCollection<string> flags)
    {
        var kept = new List<string>();
        bool skip = false;
        foreach (string word in words)
        {
            if (word.StartsWith("--", StringComparison.Ordinal))
                skip = flags.Contains(word);
            if (!skip)
                kept.Add(word);
        }

        return kept;
    }

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
