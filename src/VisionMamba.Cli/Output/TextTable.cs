namespace VisionMamba.Cli.Output;

/// <summary>Rows of text in aligned columns; columns whose cells are all numbers stand to the right.</summary>
internal sealed class TextTable(params string[] header)
{
    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells) => _rows.Add(cells);

    public void Write(TextWriter to)
    {
        int columns = header.Length;
        int[] widths = [.. Enumerable.Range(0, columns).Select(c => _rows.Append(header).Max(r => r[c].Length))];
        bool[] right = [.. Enumerable.Range(0, columns).Select(c => _rows.Count > 0 && _rows.All(r => Numeric(r[c])))];
        foreach (string[] row in _rows.Prepend(header))
        {
            var cells = row.Select((cell, c) => right[c] ? cell.PadLeft(widths[c]) : cell.PadRight(widths[c]));
            to.WriteLine(string.Join("  ", cells).TrimEnd());
        }
    }

    private static bool Numeric(string cell) => cell.Length == 0 || cell == "-" || char.IsAsciiDigit(cell[0])
        || (cell[0] is '-' or '+' && cell.Length > 1 && char.IsAsciiDigit(cell[1]));
}
