namespace VisionMamba.Gpu.Kernels;

/// <summary>
/// Says at compile time whether a backward scan is what training a Vision Mamba asks for, so that nothing has to be
/// looked up at every token: full groups of channels, 16 states, du and draw stored, dz added to, B's and C's gradients
/// wanted, and tensors of less than 2^31 numbers.
/// </summary>
internal interface IScanCase
{
    /// <summary>Whether it is.</summary>
    bool Usual { get; }
}

internal struct UsualScan : IScanCase
{
    public readonly bool Usual => true;
}

// Addresses of 64 bits take more registers.
[ResidentGroups(2)]
internal struct AnyScan : IScanCase
{
    public readonly bool Usual => false;
}
