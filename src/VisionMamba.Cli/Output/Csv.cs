using System.Globalization;
using System.Text;

namespace VisionMamba.Cli.Output;

/// <summary>Tables for other programs (RFC 4180): invariant numbers, quotes where a cell needs them.</summary>
internal static class Csv
{
    public static string Text(IEnumerable<string> header, IEnumerable<IEnumerable<object?>> rows)
    {
        var text = new StringBuilder().AppendJoin(',', header.Select(Cell)).Append('\n');
        foreach (IEnumerable<object?> row in rows)
            text.AppendJoin(',', row.Select(Cell)).Append('\n');
        return text.ToString();
    }

    private static string Cell(object? value)
    {
        string text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        return text.AsSpan().IndexOfAny(",\"\n\r") < 0 ? text : $"\"{text.Replace("\"", "\"\"")}\"";
    }
}
