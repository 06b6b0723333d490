using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace VisionMamba.Tensors.Files;

/// <summary>The instructions that make values: scalars, containers, and objects.</summary>
internal sealed partial class Unpickler
{
    /// <summary>Turning digits into a number takes time that grows with their square.</summary>
    private const int MaxDigits = 1000;

    private bool Scalar(byte code)
    {
        switch ((char)code)
        {
            case 'N': Push(PickleScalar.None); break;
            case '\u0088': Push(PickleScalar.True); break;
            case '\u0089': Push(PickleScalar.False); break;
            case 'I': PushNew(DecimalInteger(Line())); break;
            case 'L': PushNew(DecimalInteger(Line().TrimEnd('L'))); break;
            case 'J': PushScalar((long)I32()); break;
            case 'K': PushScalar((long)Byte()); break;
            case 'M': PushScalar((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
            case '\u008a': PushScalar(Integer(Take(Byte()))); break;
            case '\u008b': PushScalar(Integer(TakeSigned(I32()))); break;
            case 'F': PushScalar(DecimalFloat(Line())); break;
            case 'G': PushScalar(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break;
            case 'S': PushScalar(Line().Trim('\'', '"')); break;
            case 'V': PushScalar(Line()); break;
            case 'T': PushScalar(Encoding.Latin1.GetString(TakeSigned(I32()))); break;
            case 'U': PushScalar(Encoding.Latin1.GetString(Take(Byte()))); break;
            case 'X': PushScalar(Encoding.UTF8.GetString(Take(U32()))); break;
            case '\u008c': PushScalar(Encoding.UTF8.GetString(Take(Byte()))); break;
            case '\u008d': PushScalar(Encoding.UTF8.GetString(Take(U64()))); break;
            case 'B': PushScalar(Take(U32()).ToArray()); break;
            case 'C': PushScalar(Take(Byte()).ToArray()); break;
            case '\u008e' or '\u0096': PushScalar(Take(U64()).ToArray()); break;
            default: return false;
        }

        return true;
    }

    private void PushScalar(object value) => PushNew(new PickleScalar(value));

    private object Integer(ReadOnlySpan<byte> littleEndian)
    {
        if (littleEndian.Length > MaxDigits)
            throw Bad($"has an integer of {littleEndian.Length} bytes");
        return PickleCalls.Narrow(new BigInteger(littleEndian));
    }

    private PickleScalar DecimalInteger(string text)
    {
        if (text is "00" or "01") // how protocol 0 writes False and True
            return text == "01" ? PickleScalar.True : PickleScalar.False;
        if (text.Length > MaxDigits || !BigInteger.TryParse(text, CultureInfo.InvariantCulture, out BigInteger value))
            throw Bad("has a bad integer");
        return new PickleScalar(PickleCalls.Narrow(value));
    }

    private double DecimalFloat(string text) =>
        text.Length <= MaxDigits && double.TryParse(text, CultureInfo.InvariantCulture, out double value)
            ? value
            : throw Bad("has a bad floating-point number");

    private bool Container(byte code)
    {
        switch ((char)code)
        {
            case ']': PushSequence(SequenceKind.List, []); break;
            case ')': PushSequence(SequenceKind.Tuple, []); break;
            case '\u008f': PushSequence(SequenceKind.Set, []); break;
            case 'l': PushSequence(SequenceKind.List, PopMark()); break;
            case 't': PushSequence(SequenceKind.Tuple, PopMark()); break;
            case '\u0091': PushSequence(SequenceKind.Set, PopMark()); break;
            case '\u0085': PushSequence(SequenceKind.Tuple, PopFrom(_stack.Count - 1)); break;
            case '\u0086': PushSequence(SequenceKind.Tuple, PopFrom(_stack.Count - 2)); break;
            case '\u0087': PushSequence(SequenceKind.Tuple, PopFrom(_stack.Count - 3)); break;
            case '}': PushNew(new PickleDict(null)); break;
            case 'd':
                List<PickleValue> pairs = PopMark();
                PushNew(new PickleDict(null));
                SetItems(pairs);
                break;
            case 'a': Append(PopFrom(_stack.Count - 1)); break;
            case 'e' or '\u0090': Append(PopMark()); break;
            case 's': SetItems(PopFrom(_stack.Count - 2)); break;
            case 'u': SetItems(PopMark()); break;
            default: return false;
        }

        return true;
    }

    private void PushSequence(SequenceKind kind, List<PickleValue> items) => PushNew(new PickleSequence(kind, items));

    private void Append(List<PickleValue> items)
    {
        List<PickleValue> target = Peek() switch
        {
            PickleSequence { Kind: not SequenceKind.Tuple } sequence => sequence.List,
            ForeignObject foreign => foreign.List,
            _ => throw Bad("appends to something that is no list"),
        };
        target.AddRange(items);
    }

    private void SetItems(List<PickleValue> pairs)
    {
        if (pairs.Count % 2 != 0)
            throw Bad("sets a key without a value");
        PickleDict target = Peek() switch
        {
            PickleDict dict => dict,
            ForeignObject foreign => foreign.EnsureEntries(),
            _ => throw Bad("sets an entry of something that is no dict"),
        };
        for (int i = 0; i < pairs.Count; i += 2)
            target.Set(pairs[i], pairs[i + 1]);
    }

    private bool Object(byte code)
    {
        switch ((char)code)
        {
            case 'c': PushNew(new ForeignObject($"{Line()}.{Line()}")); break;
            case '\u0093': StackGlobal(); break;
            case 'P': PushNew(_calls.Persistent(new PickleScalar(Line()))); break;
            case 'Q': PushNew(_calls.Persistent(Pop())); break;
            case 'R' or '\u0081': Call(Pop()); break;
            case '\u0092': CallWithNames(); break;
            case 'i':
                var named = new ForeignObject($"{Line()}.{Line()}");
                PushNew(_calls.Call(named, new PickleSequence(SequenceKind.Tuple, PopMark())));
                break;
            case 'o': ClassAndArguments(PopMark()); break;
            case 'b': Build(Pop()); break;
            default: return false;
        }

        return true;
    }

    private void StackGlobal()
    {
        PickleValue name = Pop(), module = Pop();
        if (name.Text == null || module.Text == null || name.Text.Length + module.Text.Length > MaxDigits)
            throw Bad("names a class by something that is no text");
        PushNew(new ForeignObject($"{module.Text}.{name.Text}"));
    }

    private void Call(PickleValue arguments) => PushNew(_calls.Call(Callee(), arguments));

    /// <summary>Keyword arguments are kept as the new object's state.</summary>
    private void CallWithNames()
    {
        PickleValue names = Pop(), arguments = Pop();
        var made = new ForeignObject(Callee().Name, arguments);
        made.Build(names);
        PushNew(made);
    }

    private void ClassAndArguments(List<PickleValue> items)
    {
        if (items.Count == 0 || items[0] is not ForeignObject callee)
            throw Bad("makes an object of something that is no class");
        PushNew(_calls.Call(callee, new PickleSequence(SequenceKind.Tuple, items.GetRange(1, items.Count - 1))));
    }

    private ForeignObject Callee() =>
        Pop() as ForeignObject ?? throw Bad("calls something that is no function or class");

    private void Build(PickleValue state)
    {
        // A namespace copies its state, and one state may be given many times.
        if (Peek() is PickleDict { IsNamespace: true } && state is PickleDict attributes)
            Charge(attributes.Entries.Count);
        Peek().Build(state);
    }
}
