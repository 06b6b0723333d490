using System.Runtime.CompilerServices;

namespace VisionMamba.Tensors.Files;

/// <summary>
/// A dict, an OrderedDict or an object that is only attributes (argparse.Namespace), in the file's order.
/// </summary>
public sealed class PickleDict : PickleValue
{
    private readonly OrderedDictionary<PickleValue, PickleValue> _entries = new(ScalarKeys.Instance);

    internal PickleDict(string? typeName) => TypeName = typeName;

    /// <summary>The class where it was not a plain dict, e.g. argparse.Namespace; otherwise null.</summary>
    public string? TypeName { get; }

    /// <summary>The entries in order. Keys need not be strings: optimizer states are keyed by number.</summary>
    public IReadOnlyList<KeyValuePair<PickleValue, PickleValue>> Entries => _entries;

    /// <inheritdoc/>
    public override PickleValue? this[string key] => _entries.GetValueOrDefault(new PickleScalar(key));

    /// <summary>The entry under the number <paramref name="key"/>, or null.</summary>
    public PickleValue? this[long key] => _entries.GetValueOrDefault(new PickleScalar(key));

    internal override IEnumerable<PickleValue> Children
    {
        get
        {
            foreach ((PickleValue key, PickleValue value) in _entries)
            {
                yield return key;
                yield return value;
            }

            if (State != null)
                yield return State;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{TypeName ?? "dict"} of {_entries.Count}";

    /// <summary>Whether this is an object whose attributes are the entries.</summary>
    internal bool IsNamespace => TypeName is "argparse.Namespace" or "types.SimpleNamespace";

    /// <summary>
    /// A namespace takes the state as its entries; any other dict keeps it beside them (as _metadata).
    /// </summary>
    internal override void Build(PickleValue state)
    {
        if (!IsNamespace || state is not PickleDict attributes || ReferenceEquals(state, this))
            base.Build(state);
        else
            foreach ((PickleValue key, PickleValue value) in attributes._entries)
                Set(key, value);
    }

    internal void Set(PickleValue key, PickleValue value) => _entries[key] = value;

    /// <summary>
    /// Scalars are equal by value, everything else by identity (never by content, which may contain itself).
    /// </summary>
    private sealed class ScalarKeys : IEqualityComparer<PickleValue>
    {
        public static readonly ScalarKeys Instance = new();

        public bool Equals(PickleValue? x, PickleValue? y) =>
            ReferenceEquals(x, y) || (x is PickleScalar a && y is PickleScalar b && Equals(a.Value, b.Value));

        // Seeded per process, because a file must not be able to choose keys that collide.
        public int GetHashCode(PickleValue obj) => (obj as PickleScalar)?.Value switch
        {
            long value => Mix(value),
            double value => Mix(BitConverter.DoubleToInt64Bits(value)),
            null => RuntimeHelpers.GetHashCode(obj is PickleScalar ? PickleScalar.None : obj),
            { } value => value.GetHashCode(),
        };

        private static int Mix(long bits) => HashCode.Combine((int)bits, (int)(bits >> 32));
    }
}
