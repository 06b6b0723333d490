using System.Collections;
using System.Text.RegularExpressions;

namespace VisionMamba.Tests.Gpu;

/// <summary>
/// A compiled kernel's text, and what can be told from it without a device: shared and local memory, and how many
/// 32-bit registers are alive at once as the instructions stand.
/// </summary>
internal sealed partial class PtxText
{
    private readonly List<Line> _lines = [];
    private readonly Dictionary<string, int> _labels = [], _registers = [];

    public PtxText(string text)
    {
        Text = text;
        foreach (string raw in text[(text.IndexOf('{', StringComparison.Ordinal) + 1)..].Split('\n'))
            Parse(raw.Trim());
    }

    public string Text { get; }

    /// <summary>Bytes of static shared memory.</summary>
    public int SharedBytes => Declarations().Matches(Text).Sum(m => int.Parse(m.Groups[1].Value));

    /// <summary>Whether anything lives in local memory: an array or a struct that did not fit into registers.</summary>
    public bool UsesLocalMemory => Text.Contains(".local", StringComparison.Ordinal);

    /// <summary>How many of the text's instructions begin with <paramref name="name"/>.</summary>
    public int Count(string name) => _lines.Count(l => l.Text.StartsWith(name, StringComparison.Ordinal));

    /// <summary>
    /// The most 32-bit registers alive at once; a 64-bit register counts twice; predicates and parameters, which
    /// instructions read from constant memory, not at all. An estimate: the driver's assembler orders anew.
    /// </summary>
    public int LiveRegisters()
    {
        HashSet<int> parameters = Parameters();
        int[] weights = new int[_registers.Count];
        foreach ((string name, int index) in _registers)
        {
            int size = name.StartsWith("%rd", StringComparison.Ordinal) ? 2 : name[1] == 'p' ? 0 : 1;
            weights[index] = parameters.Contains(index) ? 0 : size;
        }

        BitArray[] before = [.. _lines.Select(_ => new BitArray(_registers.Count))];
        bool changed = true;
        while (changed)
        {
            changed = false;
            for (int i = _lines.Count - 1; i >= 0; i--)
                changed |= Flow(i, before);
        }

        return before.Max(live => Enumerable.Range(0, weights.Length).Sum(r => live[r] ? weights[r] : 0));
    }

    /// <summary>Registers that never hold anything but parameters.</summary>
    private HashSet<int> Parameters()
    {
        static bool Copies(Line l) => l.Text.StartsWith("cvta.to.global", StringComparison.Ordinal);
        static bool Loads(Line l) => l.Text.StartsWith("ld.param", StringComparison.Ordinal);
        HashSet<int> loaded = [.. _lines.Where(Loads).SelectMany(l => l.Writes)];
        loaded.ExceptWith(_lines.Where(l => !Loads(l)).SelectMany(l => l.Writes));
        bool Moves(Line l) => Copies(l) && l.Reads.All(loaded.Contains);
        HashSet<int> copied = [.. _lines.Where(Moves).SelectMany(l => l.Writes)];
        copied.ExceptWith(_lines.Where(l => !Copies(l)).SelectMany(l => l.Writes));
        return [.. loaded, .. copied];
    }

    private bool Flow(int i, BitArray[] before)
    {
        Line line = _lines[i];
        var live = new BitArray(_registers.Count);
        if (line.FallsThrough && i + 1 < _lines.Count)
            live.Or(before[i + 1]);
        if (line.Target is not null)
            live.Or(before[_labels[line.Target]]);
        foreach (int register in line.Writes)
            live[register] = false;
        foreach (int register in line.Reads)
            live[register] = true;
        bool same = !((BitArray)live.Clone()).Xor(before[i]).HasAnySet();
        before[i] = live;
        return !same;
    }

    private void Parse(string text)
    {
        if (text.EndsWith(':'))
            _labels[text[..^1]] = _lines.Count;
        if (!text.EndsWith(';') || text.StartsWith(".reg", StringComparison.Ordinal))
            return;
        bool guarded = text.StartsWith('@');
        string instruction = guarded ? text[(text.IndexOfAny([' ', '\t']) + 1)..].Trim() : text;
        List<int> reads = guarded ? [.. Registers(text[..text.IndexOfAny([' ', '\t'])])] : [], writes = [];
        int first = instruction.IndexOfAny([' ', '\t']);
        string name = first < 0 ? instruction.TrimEnd(';') : instruction[..first];
        string operands = first < 0 ? "" : instruction[first..];
        bool writing = !name.StartsWith("st", StringComparison.Ordinal) && !name.StartsWith('b')
            && name != "ret";
        int end = operands.TrimStart().StartsWith('{') ? operands.IndexOf('}', StringComparison.Ordinal) + 1
            : operands.IndexOf(',', StringComparison.Ordinal);
        if (writing && end > 0)
        {
            writes.AddRange(Registers(operands[..end]));
            operands = operands[end..];
        }

        reads.AddRange(Registers(operands));
        bool branch = name.StartsWith("bra", StringComparison.Ordinal);
        _lines.Add(new Line(
            instruction, branch ? operands.Trim().TrimEnd(';') : null,
            guarded || !(branch || name.StartsWith("ret", StringComparison.Ordinal)), reads, guarded ? [] : writes));
    }

    private IEnumerable<int> Registers(string text)
    {
        foreach (Match match in RegisterNames().Matches(text))
        {
            if (!_registers.TryGetValue(match.Value, out int index))
                _registers[match.Value] = index = _registers.Count;
            yield return index;
        }
    }

    [GeneratedRegex(@"%(?:f|r|rd|p|rs)\d+")]
    private static partial Regex RegisterNames();

    [GeneratedRegex(@"\.shared[^;]*\[(\d+)\];")]
    private static partial Regex Declarations();

    private sealed record Line(string Text, string? Target, bool FallsThrough, List<int> Reads, List<int> Writes);
}
