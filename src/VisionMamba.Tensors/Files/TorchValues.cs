using System.Collections;

namespace VisionMamba.Tensors.Files;

/// <summary>
/// A Python dict, OrderedDict or object of attributes (argparse.Namespace) to be written into a .pth file, in order.
/// Values are null, bool, int, long, double, string, <see cref="Tensor"/>, <see cref="TorchTensor"/>,
/// <see cref="TorchTuple"/>, another dict, or a list (any other sequence).
/// </summary>
public sealed class TorchDict : IEnumerable<KeyValuePair<object, object?>>
{
    private readonly List<KeyValuePair<object, object?>> _entries = [];

    private TorchDict(string? module, string? name) => (Module, Name) = (module, name);

    /// <summary>A plain dict.</summary>
    public TorchDict()
        : this(null, null)
    {
    }

    /// <summary>A collections.OrderedDict, as torch's state dicts are.</summary>
    public static TorchDict Ordered() => new("collections", "OrderedDict");

    /// <summary>
    /// An argparse.Namespace whose attributes are the entries. torch.load refuses it with weights_only.
    /// </summary>
    public static TorchDict Namespace() => new("argparse", "Namespace");

    internal string? Module { get; }

    internal string? Name { get; }

    internal bool IsNamespace => Name == "Namespace";

    internal IReadOnlyList<KeyValuePair<object, object?>> Entries => _entries;

    /// <summary>Adds an entry under a string or an int.</summary>
    public void Add(object key, object? value) => _entries.Add(new(key, value));

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<object, object?>> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>A Python tuple to be written into a .pth file.</summary>
/// <param name="Items">The elements, of the kinds that <see cref="TorchDict"/> lists.</param>
public sealed record TorchTuple(params IReadOnlyList<object?> Items);

/// <summary>
/// A tensor that is stored as <paramref name="Type"/> (F32, F16 or BF16), whatever the rest of the file is.
/// </summary>
/// <param name="Tensor">The numbers; one tensor named twice in a file is stored once.</param>
/// <param name="Type">How they are stored.</param>
public sealed record TorchTensor(Tensor Tensor, ElementType Type);
