namespace VisionMamba.Data.Datasets;

/// <summary>
/// Strings by code point, as Python's sorted(). (Ordinal order compares UTF-16 units: other beyond U+FFFF.)
/// </summary>
internal sealed class CodePointOrder : IComparer<string>
{
    public static CodePointOrder Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        int shared = x.AsSpan().CommonPrefixLength(y);
        if (shared == x.Length || shared == y.Length)
            return x.Length - y.Length;
        return Rank(x[shared]) - Rank(y[shared]);
    }

    // Surrogates stand for code points above every other UTF-16 unit. Windows' separator sorts as the others' does, so
    // that a seed holds out the same images everywhere.
    private static int Rank(char c) =>
        char.IsSurrogate(c) ? c + 0x10000 : c == Path.DirectorySeparatorChar ? '/' : c;
}
