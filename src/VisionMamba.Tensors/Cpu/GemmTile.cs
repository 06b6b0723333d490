namespace VisionMamba.Tensors.Cpu;

/// <summary>The register tile of the matrix product: how many accumulators of which vector width.</summary>
internal enum GemmTile
{
    /// <summary>6 x 8, any machine.</summary>
    Vector128,

    /// <summary>6 x 16, AVX2 and FMA.</summary>
    Vector256,

    /// <summary>12 x 32, AVX-512.</summary>
    Vector512,
}
