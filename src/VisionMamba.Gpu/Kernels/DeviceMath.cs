using ILGPU;
using ILGPU.IR.Intrinsics;

namespace VisionMamba.Gpu.Kernels;

/// <summary>
/// The scalar functions of Tensors/Cpu/Simd.cs for kernels: the same formulas, with the device's exp2 (two units in the
/// last place, as the polynomial there) in the place of the polynomial. The exponential of a sigmoid or a softplus is
/// 2^(x log2 e) without a reduction: its relative error is |x| 6e-8.
/// </summary>
internal static class DeviceMath
{
    public const float Log2E = 1.44269504f;
    public const float Ln2 = 0.693147181f;

    // Adding 1.5 * 2^23 rounds to the nearest integer.
    private const float RoundingShift = 12582912f;

    /// <summary>
    /// 2^x, one instruction of the special function unit (<see cref="DeviceInstructions"/>): two units in the last
    /// place, 0 below 2^-126.
    /// </summary>
    [IntrinsicImplementation]
    public static float Exp2(float x) => IntrinsicMath.CPUOnly.Exp2(x);

    /// <summary>
    /// 1 / x, one instruction of the special function unit: one unit in the last place, where correct rounding takes
    /// ten instructions and a branch.
    /// </summary>
    [IntrinsicImplementation]
    public static float Reciprocal(float x) => 1f / x;

    /// <summary>e^x clamped to [e^-87, e^88]: x = n ln2 + f with ln2 in two pieces (Cody and Waite 1980).</summary>
    public static float Exp(float x)
    {
        // By comparisons, so that NaN stays NaN: the device's max and min drop it.
        x = x < -87f ? -87f : x;
        x = x > 88f ? 88f : x;
        float n = ((x * Log2E) + RoundingShift) - RoundingShift;
        float f = (x - (n * 0.693359375f)) + (n * 2.12194440e-4f);
        return Exp2(f * Log2E) * Interop.IntAsFloat((uint)(((int)n + 127) << 23));
    }

    /// <summary>1 / (1 + e^-x).</summary>
    public static float Sigmoid(float x) => Reciprocal(1f + Exp2(x * -Log2E));

    /// <summary>x sigmoid(x).</summary>
    public static float Silu(float x) => x * Sigmoid(x);

    /// <summary>d silu / dx = s + x s (1 - s) with s = sigmoid(x); x s is silu(x), which a caller may have.</summary>
    public static float SiluSlope(float x, float sigmoid) => (x * sigmoid * (1f - sigmoid)) + sigmoid;

    /// <summary>
    /// log(1 + e^x) = max(x, 0) + log(1 + e) with e = e^-|x|. The latter is 2 atanh(e / (2 + e)): s times a polynomial
    /// of s^2, s = e / (1 + e/2), that is 5e-9 of it apart at most, as on the processor. The maximum may drop NaN,
    /// because e does not.
    /// </summary>
    public static float Softplus(float x)
    {
        float e = Exp2(MathF.Abs(x) * -Log2E);
        float s = e * Reciprocal((0.5f * e) + 1f);
        float q = s * s;
        float p = (q * 5.471091e-4f) + 2.187641e-3f;
        p = (q * p) + 1.25067273e-2f;
        p = (q * p) + 8.3333020e-2f;
        p = (q * p) + 1f;
        return (s * p) + MathF.Max(x, 0f);
    }

    /// <summary>The natural logarithm, by the device's log2 (22 bits).</summary>
    public static float Log(float x) => IntrinsicMath.CPUOnly.Log2(x) * Ln2;

    /// <summary>tanh x: its series below 1/4, where (1 - e^-2|x|) / (1 + e^-2|x|) would cancel.</summary>
    public static float Tanh(float x)
    {
        float magnitude = x < 0f ? -x : x;
        if (magnitude < 0.25f)
        {
            float q = x * x;
            float p = (q * (62f / 2835)) - (17f / 315);
            p = (q * p) + (2f / 15);
            p = (q * p) - (1f / 3);
            return (x * q * p) + x;
        }

        float e = Exp(-2f * magnitude);
        float y = (1f - e) / (1f + e);
        return x < 0f ? -y : y;
    }
}
