namespace VisionMamba.Cli.Output;

/// <summary>Command lines to be copied into a shell.</summary>
internal static class ShellWords
{
    /// <summary>The words of a command, in quotes where they hold a space.</summary>
    public static string Of(IEnumerable<string> words) =>
        string.Join(' ', words.Select(word => word.Contains(' ') || word.Length == 0 ? $"\"{word}\"" : word));

    /// <summary>The command that goes on with what is in a folder.</summary>
    public static string Resume(string verb, string folder) => Of(["svp", verb, "--output", folder, "--resume"]);
}
