namespace VisionMamba.Cli.Output;

/// <summary>Command lines to be copied into a shell.</summary>
internal static class ShellWords
{
    private const string Plain = "-_./\\:,+=@%~";

    /// <summary>The words of a command, in quotes where they hold a space or what a shell would read.</summary>
    public static string Of(IEnumerable<string> words) => string.Join(' ', words.Select(Quoted));

    private static string Quoted(string word)
    {
        if (word.Length > 0 && word.All(c => char.IsLetterOrDigit(c) || Plain.Contains(c)))
            return word;
        // Double quotes are what every shell knows; a $ or ` is read within them by all but Windows'.
        bool read = !OperatingSystem.IsWindows() && word.AsSpan().ContainsAny("$`\"\\!");
        return read ? $"'{word.Replace("'", @"'\''")}'" : $"\"{word}\"";
    }

    /// <summary>The command that goes on with what is in a folder.</summary>
    public static string Resume(string verb, string folder) => Of(["svp", verb, "--output", folder, "--resume"]);
}
