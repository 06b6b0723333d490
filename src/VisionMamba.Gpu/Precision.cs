namespace VisionMamba.Gpu;

/// <summary>
/// What a matrix product's inputs are rounded to. Sums, results and everything that is no matrix product (the scan's
/// states, step sizes and A among them) are 32-bit floats in any case.
/// </summary>
public enum Precision
{
    /// <summary>32-bit floats throughout, as published.</summary>
    Fp32,

    /// <summary>Inputs with 10 bits of mantissa, rounded by the tensor cores as they read.</summary>
    Tf32,

    /// <summary>Inputs with 7 bits of mantissa, copied before the product.</summary>
    Bf16,
}
