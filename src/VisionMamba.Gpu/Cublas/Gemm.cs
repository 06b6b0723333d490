namespace VisionMamba.Gpu.Cublas;

/// <summary>The format of a product's inputs.</summary>
internal enum GemmInput
{
    /// <summary>32-bit floats.</summary>
    Fp32,

    /// <summary>32-bit floats whose mantissa the tensor cores round to 10 bits.</summary>
    Tf32,

    /// <summary>bfloat16.</summary>
    Bf16,

    /// <summary>fp16.</summary>
    Fp16,
}

/// <summary>
/// C = op(A) op(B) + beta C as BLAS has it: columns are contiguous, op(A) is (m, k), op(B) (k, n) and C (m, n), and a
/// leading dimension leads from one column to the next. C is fp32. Where <paramref name="Factors"/> is not zero it is
/// the device's address of two floats, the product's factor and, in place of <paramref name="Beta"/>, C's.
/// </summary>
internal readonly record struct GemmCall(
    int M, int N, int K, GemmOperand A, GemmOperand B, float Beta, IntPtr C, int Ldc, GemmInput Input,
    IntPtr Factors = default);

/// <summary>One input of a product: where it stands, its leading dimension, and whether it is transposed.</summary>
internal readonly record struct GemmOperand(IntPtr Address, int Leading, bool Transposed);

/// <summary>A library of matrix products; it works in the order in which it is called.</summary>
internal interface IGemm : IDisposable
{
    /// <summary>What it is, for people.</summary>
    string Description { get; }

    /// <summary>Hands a product to the device.</summary>
    void Multiply(in GemmCall call);
}
