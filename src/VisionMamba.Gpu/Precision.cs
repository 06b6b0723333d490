namespace VisionMamba.Gpu;

/// <summary>
/// What a matrix product's inputs are rounded to, and what activations are kept as between the two passes. Sums,
/// results, parameters, statistics, and the scan's states, step sizes, A, B and C are 32-bit floats in any case.
/// </summary>
public enum Precision
{
    /// <summary>32-bit floats throughout, as published.</summary>
    Fp32,

    /// <summary>Inputs with 10 bits of mantissa, rounded by the tensor cores as they read.</summary>
    Tf32,

    /// <summary>
    /// Inputs with 7 bits of mantissa, copied before the product; activations that the backward pass reads are kept
    /// with as many.
    /// </summary>
    Bf16,
}
