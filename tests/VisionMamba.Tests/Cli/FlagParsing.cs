using System.CommandLine;

namespace VisionMamba.Tests.Cli;

/// <summary>Command lines of a verb that has some flags and nothing else.</summary>
internal static class FlagParsing
{
    /// <summary><paramref name="words"/>, parted by spaces, as the flags read them; they must be whole.</summary>
    public static ParseResult Parse(IEnumerable<Option> flags, string words)
    {
        var command = new Command("run");
        foreach (Option flag in flags)
            command.Options.Add(flag);
        ParseResult parsed = command.Parse(words.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(parsed.Errors);
        return parsed;
    }
}
