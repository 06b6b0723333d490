using System.Text;

namespace VisionMamba.Tensors.Files;

/// <summary>Words the errors about one file: one line with the file, what is wrong and what to do.</summary>
internal sealed class FileFaults(string path, string expected = "a checkpoint")
{
    private const int ShownLength = 100;

    public string Path => path;

    public VisionMambaException Damaged(string what) =>
        Refused(what, $"the file is cut off, damaged or not {expected}: copy or download it again");

    public VisionMambaException Refused(string what, string remedy) =>
        new(OneLine($"{path}: {what}; {remedy}", int.MaxValue));

    /// <summary>
    /// A name out of a file, made fit for a message: quoted, shortened and without control characters.
    /// </summary>
    public static string Show(string name) => $"'{OneLine(name, ShownLength)}'";

    private static string OneLine(string text, int limit)
    {
        var line = new StringBuilder();
        foreach (char c in text.Length > limit ? text.AsSpan(0, limit) : text)
            line.Append(char.IsControl(c) || c is '\u2028' or '\u2029' ? '?' : c);
        return text.Length > limit ? line.Append("...").ToString() : line.ToString();
    }
}
