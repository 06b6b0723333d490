namespace VisionMamba.Tensors.Cpu;

/// <summary>
/// A kernel's work, cut into numbered pieces that may run at the same time. Kernels are structs: handing one to the
/// threads makes no object for the garbage collector.
/// </summary>
internal interface IPieces
{
    /// <summary>Does piece <paramref name="piece"/>.</summary>
    void Run(int piece);
}

/// <summary>A kernel's work, cut into ranges of rows or channels.</summary>
internal interface IRange
{
    /// <summary>Does <paramref name="from"/> .. <paramref name="to"/>-1.</summary>
    void Run(int from, int to);
}

/// <summary>A kernel's work, cut into ranges of one sample's channels.</summary>
internal interface ISampleRange
{
    /// <summary>Does channels <paramref name="from"/> .. <paramref name="to"/>-1 of a sample.</summary>
    void Run(int sample, int from, int to);
}
