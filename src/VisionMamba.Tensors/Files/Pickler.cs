using System.Buffers.Binary;
using System.Collections;
using System.Text;

namespace VisionMamba.Tensors.Files;

/// <summary>
/// Writes a tree of values as a pickle of protocol 2 with the instructions that torch.save itself uses, so that
/// torch.load reads it, with weights_only where the tree has no floating-point scalar and no namespace (torch 1.13
/// knows neither). Format: the comments of CPython's pickletools.
/// </summary>
internal sealed class Pickler
{
    private readonly List<byte> _bytes = [0x80, 2];
    private readonly Dictionary<string, int> _memo = new(StringComparer.Ordinal);
    private readonly Func<Tensor, ElementType, string> _keyOf;
    private readonly ElementType _storage;

    private Pickler(ElementType storage, Func<Tensor, ElementType, string> keyOf) =>
        (_storage, _keyOf) = (storage, keyOf);

    /// <summary>
    /// The pickle of <paramref name="root"/>; <paramref name="keyOf"/> names the storage of each tensor.
    /// </summary>
    public static byte[] Write(TorchDict root, ElementType storage, Func<Tensor, ElementType, string> keyOf)
    {
        var pickler = new Pickler(storage, keyOf);
        pickler.Value(root);
        pickler.Op('.');
        return [.. pickler._bytes];
    }

    private void Value(object? value)
    {
        switch (value)
        {
            case null: Op('N'); break;
            case bool truth: Op(truth ? '\u0088' : '\u0089'); break;
            case int number: Integer(number); break;
            case long number: Integer(number); break;
            case double number: Double(number); break;
            case string text: Text(text); break;
            case Tensor tensor: Tensor(tensor, _storage); break;
            case TorchTensor tensor: Tensor(tensor.Tensor, tensor.Type); break;
            case TorchDict dict: Dict(dict); break;
            case TorchTuple tuple: Tuple(tuple.Items); break;
            case IEnumerable list: List(list); break;
            default: throw new ArgumentException($"a {value.GetType()} cannot be pickled", nameof(value));
        }
    }

    private void Op(char code) => _bytes.Add((byte)code);

    private void Integer(long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        (string head, int size) = value switch
        {
            >= 0 and <= byte.MaxValue => ("K", 1),
            >= 0 and <= ushort.MaxValue => ("M", 2),
            >= int.MinValue and <= int.MaxValue => ("J", 4),
            _ => ("\u008a\u0008", 8),
        };
        foreach (char code in head)
            Op(code);
        _bytes.AddRange(bytes[..size]);
    }

    private void Double(double value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleBigEndian(bytes, value);
        Op('G');
        _bytes.AddRange(bytes);
    }

    /// <summary>Texts and classes are written once and recalled: a checkpoint names few things many times.</summary>
    private bool Recalled(string what)
    {
        if (!_memo.TryGetValue(what, out int index))
            return false;
        Indexed('h', 'j', index);
        return true;
    }

    private void Remember(string what)
    {
        Indexed('q', 'r', _memo.Count);
        _memo.Add(what, _memo.Count);
    }

    private void Indexed(char small, char large, int index)
    {
        Op(index <= byte.MaxValue ? small : large);
        for (int i = 0; i < (index <= byte.MaxValue ? 1 : 4); i++)
            _bytes.Add((byte)(index >> (8 * i)));
    }

    private void Text(string text)
    {
        if (Recalled("text " + text))
            return;
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        Op('X');
        for (int i = 0; i < 4; i++)
            _bytes.Add((byte)(utf8.Length >> (8 * i)));
        _bytes.AddRange(utf8);
        Remember("text " + text);
    }

    private void Global(string module, string name)
    {
        if (Recalled($"class {module}.{name}"))
            return;
        _bytes.AddRange(Encoding.UTF8.GetBytes($"c{module}\n{name}\n"));
        Remember($"class {module}.{name}");
    }

    private void Dict(TorchDict dict)
    {
        if (dict.Name is { } name)
        {
            Global(dict.Module!, name);
            Op(')');
            Op(dict.IsNamespace ? '\u0081' : 'R');
        }

        if (dict.Name is null || dict.IsNamespace)
            Op('}');
        Op('(');
        foreach ((object key, object? value) in dict.Entries)
        {
            Value(key);
            Value(value);
        }

        Op('u');
        if (dict.IsNamespace)
            Op('b');
    }

    private void List(IEnumerable list)
    {
        Op(']');
        Op('(');
        foreach (object? item in list)
            Value(item);
        Op('e');
    }

    private void Tuple(IReadOnlyList<object?> items)
    {
        if (items.Count > 0)
            Op('(');
        foreach (object? item in items)
            Value(item);
        Op(items.Count > 0 ? 't' : ')');
    }

    /// <summary>_rebuild_tensor_v2(storage, offset 0, sizes, strides, no gradient, no hooks).</summary>
    private void Tensor(Tensor tensor, ElementType type)
    {
        Global("torch._utils", "_rebuild_tensor_v2");
        Op('(');
        Op('(');
        Text("storage");
        Global("torch", type.TorchStorage());
        Text(_keyOf(tensor, type));
        Text("cpu");
        Integer(tensor.Count);
        Op('t');
        Op('Q');
        Integer(0);
        Tuple([.. tensor.Shape.ToArray().Cast<object?>()]);
        Tuple([.. TensorLayout.ContiguousStrides(tensor.Shape).Cast<object?>()]);
        Op('\u0089');
        Global("collections", "OrderedDict");
        Op(')');
        Op('R');
        Op('t');
        Op('R');
    }
}
