using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace VisionMamba.Tensors.Files;

/// <summary>
/// What the calls in a pickle mean as data: a closed list of plain classes, torch's tensor builders and numpy scalars.
/// Every other call stays a ForeignObject that says what would have been called.
/// </summary>
internal sealed class PickleCalls(
    FileFaults faults, Func<string, ByteBlock?> storages, bool swap, Action<long> charge)
{
    public static object Narrow(BigInteger value) =>
        value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;

    public PickleValue Call(ForeignObject callee, PickleValue arguments)
    {
        if (callee.Arguments != null)
            return new ForeignObject(callee.Name, arguments);
        return Known(callee.Name, arguments.Items) ?? new ForeignObject(callee.Name, arguments);
    }

    /// <summary>The persistent ids of torch: ('storage', class, key, location, count).</summary>
    public PickleValue Persistent(PickleValue id)
    {
        IReadOnlyList<PickleValue> parts = id.Items;
        if (parts.Count < 5 || parts[0].Text != "storage")
            return new ForeignObject("persistent", id);
        if (parts[1] is not ForeignObject kind || parts[2].Text is not { } key || parts[4].Integer is not { } count)
            throw faults.Damaged("a storage lacks its type, key or count");
        bool untyped = kind.Name is "torch.storage.UntypedStorage" or "torch.UntypedStorage";
        ElementType? type = ElementTypes.FromTorch(kind.Name);
        if (type == null && !untyped)
            return new ForeignObject(kind.Name, id);
        ByteBlock block = storages(key)
            ?? throw faults.Damaged($"the data of storage {FileFaults.Show(key)} is missing");
        if (count < 0 || count > block.Length / (type?.Bytes() ?? 1))
            throw faults.Damaged($"storage {FileFaults.Show(key)} states {count} numbers in {block.Length} bytes");
        return new PickleStorage(block, type, count);
    }

    private PickleValue? Known(string name, IReadOnlyList<PickleValue> arguments) => name switch
    {
        "torch._utils._rebuild_tensor" => Rebuild(arguments, null),
        "torch._utils._rebuild_tensor_v2" => Rebuild(arguments, null),
        "torch._utils._rebuild_tensor_v3" => Rebuild(arguments, arguments.Count > 6 ? arguments[6] : null),
        "torch._utils._rebuild_parameter" or "torch._utils._rebuild_parameter_with_state"
            => arguments.Count > 0 ? arguments[0] as PickleTensor : null,
        "torch._tensor._rebuild_from_type_v2" or "torch._tensor._rebuild_from_type" => RebuildFromType(arguments),
        "torch.Size" or "builtins.tuple" or "__builtin__.tuple" => Sequence(SequenceKind.Tuple, arguments),
        "builtins.list" or "__builtin__.list" or "collections.deque" => Sequence(SequenceKind.List, arguments),
        "builtins.set" or "__builtin__.set" or "builtins.frozenset" or "__builtin__.frozenset"
            => Sequence(SequenceKind.Set, arguments),
        "collections.OrderedDict" or "builtins.dict" or "__builtin__.dict" or "collections.Counter"
            => Dict(name, arguments),
        "collections.defaultdict" => Dict(name, arguments.Skip(1).ToArray()),
        "argparse.Namespace" or "types.SimpleNamespace" when arguments.Count == 0 => new PickleDict(name),
        "_codecs.encode" => Encode(arguments),
        "numpy.core.multiarray.scalar" or "numpy._core.multiarray.scalar" => NumpyScalar(arguments),
        _ => null,
    };

    private PickleSequence? Sequence(SequenceKind kind, IReadOnlyList<PickleValue> arguments)
    {
        if (arguments.Count > 1 || (arguments.Count == 1 && arguments[0] is not PickleSequence))
            return null;
        IReadOnlyList<PickleValue> items = arguments.Count == 0 ? [] : arguments[0].Items;
        charge(items.Count);
        return new PickleSequence(kind, [.. items]);
    }

    /// <summary>An empty dict, or one of a list of pairs, which is how Python 2 wrote an OrderedDict.</summary>
    private PickleDict? Dict(string name, IReadOnlyList<PickleValue> arguments)
    {
        var dict = new PickleDict(name is "builtins.dict" or "__builtin__.dict" ? null : name);
        if (arguments.Count == 0)
            return dict;
        if (arguments.Count > 1 || arguments[0] is not PickleSequence pairs
            || pairs.List.Any(pair => pair.Items.Count != 2))
        {
            return null;
        }

        charge(pairs.List.Count);
        foreach (PickleValue pair in pairs.List)
            dict.Set(pair.Items[0], pair.Items[1]);
        return dict;
    }

    /// <summary>(storage, offset, sizes, strides, requires_grad, hooks[, dtype of an untyped storage])</summary>
    private PickleTensor? Rebuild(IReadOnlyList<PickleValue> arguments, PickleValue? dtype)
    {
        if (arguments.Count < 4)
            throw faults.Damaged("a tensor lacks its storage, offset, sizes or strides");
        if (arguments[0] is not PickleStorage storage)
            return null; // a storage of a type that is not supported: it stays what it is
        if (storage.Type is null && dtype is not ForeignObject)
            return null;
        ElementType? type = storage.Type ?? ElementTypes.FromTorch(((ForeignObject)dtype!).Name);
        if (type is not { } known)
            return null;
        if (arguments[1].Integer is not { } offset
            || Sizes(arguments[2]) is not { } sizes || Sizes(arguments[3]) is not { } strides)
        {
            throw faults.Damaged("a tensor has an offset, a size or a stride that is no integer");
        }

        long count = storage.Type == null ? storage.Count / known.Bytes() : storage.Count;
        if (TensorLayout.TryCreate(sizes, strides, offset, count, out TensorLayout? layout) is { } wrong)
            throw faults.Damaged($"a tensor of sizes ({string.Join(", ", sizes.Take(8))}) {wrong}");
        return new PickleTensor(new StoredTensor("", known, storage.Block, layout!, swap));
    }

    /// <summary>
    /// A tensor subclass: (builder, class, arguments, state). The builder is one of the above, never this one.
    /// </summary>
    private PickleTensor? RebuildFromType(IReadOnlyList<PickleValue> arguments)
    {
        if (arguments.Count < 3 || arguments[0] is not ForeignObject { Arguments: null } builder)
            return null;
        return builder.Name.StartsWith("torch._utils._rebuild_", StringComparison.Ordinal)
            ? Known(builder.Name, arguments[2].Items) as PickleTensor
            : null;
    }

    private static long[]? Sizes(PickleValue value)
    {
        if (value is not PickleSequence { List.Count: <= 64 } sequence)
            return null;
        long[] sizes = new long[sequence.List.Count];
        for (int i = 0; i < sizes.Length; i++)
        {
            if (sequence.List[i].Integer is not { } size)
                return null;
            sizes[i] = size;
        }

        return sizes;
    }

    /// <summary>How protocol 2 writes bytes: text whose characters are the bytes.</summary>
    private PickleScalar? Encode(IReadOnlyList<PickleValue> arguments)
    {
        if (arguments.Count != 2 || arguments[0].Text is not { } text || arguments[1].Text != "latin1")
            return null;
        charge(text.Length / 64); // one text may be encoded many times
        return text.All(c => c <= 255) ? new PickleScalar(Encoding.Latin1.GetBytes(text)) : null;
    }

    /// <summary>
    /// (dtype, bytes), where dtype is numpy.dtype('f8', ...) with a state (version, byte order, ...).
    /// </summary>
    private static PickleScalar? NumpyScalar(IReadOnlyList<PickleValue> arguments)
    {
        if (arguments.Count != 2 || (arguments[1] as PickleScalar)?.Value is not byte[] stored)
            return null;
        if (arguments[0] is not ForeignObject { Name: "numpy.dtype", Arguments.Items: [var code, ..] } dtype)
            return null;
        byte[] bytes = [.. stored.Take(8)];
        if (dtype.State is PickleSequence { List: [_, { Text: ">" }, ..] })
            Array.Reverse(bytes);
        object? value = (code.Text, stored.Length) switch
        {
            ("f8", 8) => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
            ("f4", 4) => (double)BinaryPrimitives.ReadSingleLittleEndian(bytes),
            ("f2", 2) => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes),
            ("b1", 1) => bytes[0] != 0,
            ("i8" or "i4" or "i2" or "i1", 8 or 4 or 2 or 1) => Narrow(new BigInteger(bytes)),
            ("u8" or "u4" or "u2" or "u1", 8 or 4 or 2 or 1) => Narrow(new BigInteger(bytes, isUnsigned: true)),
            _ => null,
        };
        return value == null ? null : new PickleScalar(value);
    }
}
