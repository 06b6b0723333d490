using System.Runtime.CompilerServices;

namespace VisionMamba.Tensors.Cpu;

internal abstract partial class VectorKernels
{
    /// <summary>
    /// Multiplies and adds as fast as this thread can; gives the floating-point operations that took.
    /// </summary>
    public abstract double MultiplyAdd(int rounds);
}

internal sealed partial class VectorKernels<T>
{
    private const int Chains = 10;

    // Never 0: the chains must not be optimised away.
    private static float s_last;

    /// <inheritdoc/>
    /// <remarks>
    /// Ten independent chains: more than latency times the number of multiply-add units on any current core, and no
    /// more than sixteen registers hold. Registers wider than the processor's would be spilled and give half of its
    /// peak.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public override double MultiplyAdd(int rounds)
    {
        T x = T.Create(1.0001f), y = T.Create(1e-9f);
        T a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x;
        for (int round = 0; round < rounds; round++)
        {
            a = T.Fma(a, y, x);
            b = T.Fma(b, y, x);
            c = T.Fma(c, y, x);
            d = T.Fma(d, y, x);
            e = T.Fma(e, y, x);
            f = T.Fma(f, y, x);
            g = T.Fma(g, y, x);
            h = T.Fma(h, y, x);
            i = T.Fma(i, y, x);
            j = T.Fma(j, y, x);
        }

        Keep(a + b + c + d + e + f + g + h + i + j);
        return 2.0 * Chains * T.Count * rounds;
    }

    private static unsafe void Keep(T value)
    {
        float* lanes = stackalloc float[T.Count];
        value.Store(lanes);
        s_last = lanes[0];
    }
}
