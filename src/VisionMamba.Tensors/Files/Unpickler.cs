using System.Text;

namespace VisionMamba.Tensors.Files;

/// <summary>
/// Reads a pickle (protocols 0-5) into inert values. A pickle is a program for a small stack machine; here the
/// machine has a closed list of instructions, and "call this" becomes either known plain data or a ForeignObject.
/// Every length is checked against the bytes that are left before anything of that length is made.
/// Format: the comments of CPython's pickletools.
/// </summary>
internal sealed partial class Unpickler
{
    /// <summary>More than any checkpoint needs; each value takes about 100 bytes.</summary>
    private const int MaxValues = 5_000_000;

    /// <summary>Python itself cannot pickle deeper than about 300.</summary>
    private const int MaxDepth = 1000;

    private readonly byte[] _bytes;
    private readonly FileFaults _faults;
    private readonly PickleCalls _calls;
    private readonly List<PickleValue> _stack = [];
    private readonly List<int> _marks = [];
    private readonly List<PickleValue?> _memo = [];
    private int _at;
    private int _values;

    private Unpickler(byte[] bytes, FileFaults faults, Func<string, ByteBlock?> storages, bool swap)
    {
        _bytes = bytes;
        _faults = faults;
        _calls = new PickleCalls(faults, storages, swap, Charge);
    }

    /// <summary>Reads the tree. <paramref name="storages"/> finds the block of a storage key.</summary>
    public static PickleValue Read(byte[] bytes, FileFaults faults, Func<string, ByteBlock?> storages, bool swap)
    {
        PickleValue root = new Unpickler(bytes, faults, storages, swap).Run();
        if (!PickleTree.IsNoDeeperThan(root, MaxDepth))
            throw faults.Damaged($"the pickle nests more than {MaxDepth} levels");
        return root;
    }

    private PickleValue Run()
    {
        while (true)
        {
            byte code = Byte();
            if (code == (byte)'.')
                return Pop();
            if (!Scalar(code) && !Machine(code) && !Container(code) && !Object(code))
                throw Bad($"has the unknown instruction 0x{code:x2}");
        }
    }

    /// <summary>Stack, memo and framing.</summary>
    private bool Machine(byte code)
    {
        switch ((char)code)
        {
            case '(': Mark(); break;
            case '0': Discard(); break;
            case '1': PopMark(); break;
            case '2': Push(Peek()); break;
            case 'g': Push(Recall(DecimalIndex())); break;
            case 'h': Push(Recall(Byte())); break;
            case 'j': Push(Recall(U32())); break;
            case 'p': Memoize(DecimalIndex()); break;
            case 'q': Memoize(Byte()); break;
            case 'r': Memoize(U32()); break;
            case '\u0094': Memoize(_memo.Count); break;
            case '\u0095': Frame(U64()); break;
            case '\u0080': Protocol(Byte()); break;
            default: return false;
        }

        return true;
    }

    /// <summary>A frame only announces how many bytes follow.</summary>
    private void Frame(ulong length)
    {
        int contents = _at;
        Take(length);
        _at = contents;
    }

    private void Protocol(byte version)
    {
        if (version > 5)
            throw Bad($"has protocol {version}");
    }

    private void Mark()
    {
        Charge(1);
        _marks.Add(_stack.Count);
    }

    private void Discard()
    {
        if (_marks.Count > 0 && _marks[^1] == _stack.Count)
            _marks.RemoveAt(_marks.Count - 1);
        else
            Pop();
    }

    private PickleValue Recall(long index) =>
        index < _memo.Count && _memo[(int)index] is { } value ? value : throw Bad("recalls a value it never stored");

    private void Memoize(long index)
    {
        // Each store takes at least a byte, and picklers number them from 0: a higher index is an attack on memory.
        if (index > _at)
            throw Bad("numbers its stored values wildly");
        while (_memo.Count <= index)
            _memo.Add(null);
        _memo[(int)index] = Peek();
    }

    private long DecimalIndex() =>
        uint.TryParse(Line(), out uint index) ? index : throw Bad("has a bad index of a stored value");

    private void Push(PickleValue value) => _stack.Add(value);

    /// <summary>Pushes a value that was just made.</summary>
    private void PushNew(PickleValue value)
    {
        Charge(1);
        _stack.Add(value);
    }

    private PickleValue Peek() => _stack.Count > Floor ? _stack[^1] : throw Bad("takes a value from an empty stack");

    private PickleValue Pop()
    {
        PickleValue value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    /// <summary>Values below the last mark are out of reach until the mark is taken.</summary>
    private int Floor => _marks.Count > 0 ? _marks[^1] : 0;

    private List<PickleValue> PopMark()
    {
        if (_marks.Count == 0)
            throw Bad("takes a mark that is not there");
        int from = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        return PopFrom(from);
    }

    private List<PickleValue> PopFrom(int from)
    {
        if (from < Floor)
            throw Bad("takes a value from an empty stack");
        List<PickleValue> items = _stack.GetRange(from, _stack.Count - from);
        _stack.RemoveRange(from, items.Count);
        return items;
    }

    private void Charge(long values)
    {
        if (values > MaxValues - _values)
            throw Bad($"makes more than {MaxValues} values");
        _values += (int)values;
    }

    private VisionMambaException Bad(string what) => _faults.Damaged($"the pickle {what} (at byte {_at})");

    private byte Byte() => Take(1)[0];

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)(_bytes.Length - _at))
            throw Bad($"wants {length} bytes where {_bytes.Length - _at} are left");
        ReadOnlySpan<byte> taken = _bytes.AsSpan(_at, (int)length);
        _at += taken.Length;
        return taken;
    }

    private ReadOnlySpan<byte> TakeSigned(int length) =>
        length >= 0 ? Take((ulong)length) : throw Bad("has a negative length");

    private uint U32() => BitConverter.ToUInt32(LittleEndian(4));

    private int I32() => BitConverter.ToInt32(LittleEndian(4));

    private ulong U64() => BitConverter.ToUInt64(LittleEndian(8));

    private ReadOnlySpan<byte> LittleEndian(int size)
    {
        ReadOnlySpan<byte> bytes = Take((ulong)size);
        if (BitConverter.IsLittleEndian)
            return bytes;
        byte[] turned = bytes.ToArray();
        Array.Reverse(turned);
        return turned;
    }

    /// <summary>The text up to the end of the line, which protocol 0 uses.</summary>
    private string Line()
    {
        int length = _bytes.AsSpan(_at).IndexOf((byte)'\n');
        if (length < 0)
            throw Bad("ends within a line");
        string text = Encoding.UTF8.GetString(Take((ulong)length));
        _at++;
        return text;
    }
}
