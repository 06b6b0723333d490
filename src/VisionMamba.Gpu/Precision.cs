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

    /// <summary>
    /// Inputs with 10 bits of mantissa, copied before the product and multiplied by a power of two, because fp16 ends
    /// at 65,504; what tensor cores before Ampere have.
    /// </summary>
    Fp16,
}

/// <summary>Which precisions a card has.</summary>
internal static class Precisions
{
    /// <summary>Why cards of an architecture cannot compute in a precision; null where they can.</summary>
    public static string? Missing(this Precision precision, int major, int minor) =>
        precision is Precision.Fp32 or Precision.Fp16 || major >= 8 ? null
            : $"sm_{major}{minor} has no {precision.ToString().ToLowerInvariant()}, which came with 8.0 (Ampere); "
                + "give --precision fp16 or fp32";
}
