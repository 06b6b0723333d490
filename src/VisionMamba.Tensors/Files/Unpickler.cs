using System.Buffers.Binary;
using System.Text;

namespace VisionMamba.Tensors.Files;

/// <summary>
/// Reads the pickle language as data (protocols 0 to 5, the part that data uses). The list of opcodes is closed, no name
/// is ever looked up or called, and depth, memo and number of values are bounded.
/// </summary>
internal sealed class Unpickler(byte[] bytes, Func<PickleValue, PickleValue> persistent, Func<PickleForeign, PickleValue> construct)
{
    private const int ValueLimit = 5_000_000;
    private static readonly PickleValue s_mark = new PickleScalar("mark");
    private readonly List<PickleValue> _stack = [];
    private readonly Dictionary<long, PickleValue> _memo = [];
    private int _at;
    private int _values;

    /// <summary>Runs the program and returns its value.</summary>
    public PickleValue Load()
    {
        while (true)
        {
            byte opcode = Byte();
            if (opcode == (byte)'.')
                return Pop();
            Step(opcode);
        }
    }

    private void Step(byte opcode)
    {
        switch ((char)opcode)
        {
            case '\x80': Take(1); break;
            case '\x95': Take(8); break;
            case '(': Push(s_mark); break;
            case '0': Pop(); break;
            case '1': PopToMark(); break;
            case '2': Push(Peek()); break;
            case 'N': Push(new PickleScalar(null)); break;
            case '\x88': Push(new PickleScalar(true)); break;
            case '\x89': Push(new PickleScalar(false)); break;
            case 'K': Push(new PickleScalar((long)Byte())); break;
            case 'M': Push(new PickleScalar((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)))); break;
            case 'J': Push(new PickleScalar((long)Int32())); break;
            case '\x8a': Push(LongInteger(Byte())); break;
            case '\x8b': Push(LongInteger(Int32())); break;
            case 'I' or 'L': Push(TextInteger(Line())); break;
            case 'F': Push(new PickleScalar(double.Parse(Line()))); break;
            case 'G': Push(new PickleScalar(BinaryPrimitives.ReadDoubleBigEndian(Take(8)))); break;
            default: StepText(opcode); break;
        }
    }

    private void StepText(byte opcode)
    {
        switch ((char)opcode)
        {
            case 'X': Push(Text(Length(4))); break;
            case '\x8c': Push(Text(Byte())); break;
            case '\x8d': Push(Text(Length(8))); break;
            case 'U': Push(Text(Byte())); break;
            case 'T': Push(Text(Length(4))); break;
            case 'V' or 'S': Push(new PickleScalar(Line().Trim('\'', '"'))); break;
            case 'B': Push(new PickleScalar(Take(Length(4)).ToArray())); break;
            case 'C': Push(new PickleScalar(Take(Byte()).ToArray())); break;
            case '\x8e' or '\x96': Push(new PickleScalar(Take(Length(8)).ToArray())); break;
            default: StepContainer(opcode); break;
        }
    }

    private void StepContainer(byte opcode)
    {
        switch ((char)opcode)
        {
            case '}': Push(new PickleDictionary([])); break;
            case ']' or ')' or '\x8f': Push(new PickleList([])); break;
            case 't' or 'l' or '\x91': Push(new PickleList(PopToMark())); break;
            case 'd': Push(new PickleDictionary(Pairs(PopToMark()))); break;
            case '\x85': Push(new PickleList(PopMany(1))); break;
            case '\x86': Push(new PickleList(PopMany(2))); break;
            case '\x87': Push(new PickleList(PopMany(3))); break;
            case 'a': Append(PopMany(1)); break;
            case 'e' or '\x90': Append(PopToMark()); break;
            case 's': SetItems(PopMany(2)); break;
            case 'u': SetItems(PopToMark()); break;
            default: StepObject(opcode); break;
        }
    }

    private void StepObject(byte opcode)
    {
        switch ((char)opcode)
        {
            case 'q': Remember(Byte()); break;
            case 'r': Remember(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))); break;
            case 'p': Remember(long.Parse(Line())); break;
            case '\x94': Remember(_memo.Count); break;
            case 'h': Recall(Byte()); break;
            case 'j': Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))); break;
            case 'g': Recall(long.Parse(Line())); break;
            case 'c': Push(new PickleForeign($"{Line()}.{Line()}", null)); break;
            case '\x93': Push(GlobalFromStack()); break;
            case 'Q': Push(persistent(Pop())); break;
            case 'R' or '\x81': Call(PopMany(2)); break;
            case '\x92': Call([.. PopMany(3).Take(2)]); break;
            case 'b': Build(); break;
            default: throw new FormatException($"opcode 0x{opcode:x2} at byte {_at - 1} of its pickle is not one that data uses");
        }
    }

    private PickleForeign GlobalFromStack()
    {
        List<PickleValue> names = PopMany(2);
        return new PickleForeign($"{(names[0] as PickleScalar)?.Value}.{(names[1] as PickleScalar)?.Value}", null);
    }

    private void Call(List<PickleValue> callAndArguments)
    {
        if (callAndArguments[0] is not PickleForeign { Arguments: null } function)
            throw new FormatException("its pickle calls something that is not a name");
        Push(construct(new PickleForeign(function.Name, callAndArguments[1])));
    }

    private void Build()
    {
        PickleValue state = Pop();
        switch (Peek())
        {
            case PickleForeign foreign:
                foreign.State = state;
                break;
            case PickleDictionary dictionary when state is PickleDictionary attributes:
                dictionary.Entries.AddRange(attributes.Entries);
                break;
            default:
                break;
        }
    }

    private void Append(List<PickleValue> items)
    {
        // A foreign object that is appended to (a deque, say) stays opaque.
        if (Peek() is PickleList list)
            list.Items.AddRange(items);
    }

    private void SetItems(List<PickleValue> items)
    {
        if (Peek() is PickleDictionary dictionary)
            dictionary.Entries.AddRange(Pairs(items));
    }

    private static List<KeyValuePair<PickleValue, PickleValue>> Pairs(List<PickleValue> items)
    {
        if (items.Count % 2 != 0)
            throw new FormatException("its pickle has a key without a value");
        var pairs = new List<KeyValuePair<PickleValue, PickleValue>>(items.Count / 2);
        for (int i = 0; i < items.Count; i += 2)
            pairs.Add(new(items[i], items[i + 1]));
        return pairs;
    }

    private void Push(PickleValue value)
    {
        if (++_values > ValueLimit)
            throw new FormatException($"its pickle makes more than {ValueLimit} values");
        _stack.Add(value);
    }

    private PickleValue Peek() =>
        _stack.Count > 0 && !ReferenceEquals(_stack[^1], s_mark) ? _stack[^1] : throw new FormatException("its pickle ends too early");

    private PickleValue Pop()
    {
        PickleValue value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private List<PickleValue> PopMany(int count)
    {
        var items = new List<PickleValue>();
        for (int i = 0; i < count; i++)
            items.Insert(0, Pop());
        return items;
    }

    private List<PickleValue> PopToMark()
    {
        int mark = _stack.FindLastIndex(v => ReferenceEquals(v, s_mark));
        if (mark < 0)
            throw new FormatException("its pickle ends a list that never began");
        List<PickleValue> items = _stack.GetRange(mark + 1, _stack.Count - mark - 1);
        _stack.RemoveRange(mark, _stack.Count - mark);
        return items;
    }

    private void Remember(long key) => _memo[key] = Peek();

    private void Recall(long key) =>
        Push(_memo.TryGetValue(key, out PickleValue? value) ? value : throw new FormatException($"its pickle recalls value {key}, never stored"));

    private byte Byte() => Take(1)[0];

    private int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > bytes.Length - _at)
            throw new FormatException("its pickle is cut short");
        _at += count;
        return bytes.AsSpan(_at - count, count);
    }

    private int Length(int width)
    {
        ulong length = width == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(Take(4)) : BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
        return length <= (ulong)(bytes.Length - _at) ? (int)length : throw new FormatException("its pickle is cut short");
    }

    private string Line()
    {
        int end = bytes.AsSpan(_at).IndexOf((byte)'\n');
        if (end < 0)
            throw new FormatException("its pickle is cut short");
        return Encoding.UTF8.GetString(Take(end + 1)[..^1]);
    }

    private PickleScalar Text(int length) => new(Encoding.UTF8.GetString(Take(length)));

    private PickleScalar LongInteger(int length)
    {
        var value = new System.Numerics.BigInteger(Take(length));
        return new PickleScalar(value >= long.MinValue && value <= long.MaxValue ? (long)value : (double)value);
    }

    private static PickleScalar TextInteger(string text) => text switch
    {
        "00" => new PickleScalar(false),
        "01" => new PickleScalar(true),
        _ => new PickleScalar(long.Parse(text.TrimEnd('L'))),
    };
}
