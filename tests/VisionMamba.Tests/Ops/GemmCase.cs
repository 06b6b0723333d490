using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Tests.Ops;

/// <summary>One product with its inputs in guarded memory, and its naive reference in double.</summary>
internal sealed unsafe record GemmCase(
    bool TransposeA, bool TransposeB, int M, int N, int K, bool Accumulate, bool Bias, int Gap, bool Integers = true)
{
    private const float Untouched = 12345.5f;

    /// <summary>Runs the product and returns C with its gaps, after checking the gaps and every number.</summary>
    public float[] Check(Gemm gemm)
    {
        int lda = (TransposeA ? M : K) + Gap, ldb = (TransposeB ? K : N) + 2 * Gap, ldc = N + 3 * Gap;
        using var a = Fill(1, TransposeA ? K : M, TransposeA ? M : K, lda);
        using var b = Fill(2, TransposeB ? N : K, TransposeB ? K : N, ldb);
        using var c = Fill(3, M, N, ldc);
        using var bias = Fill(4, 1, N, N);
        for (int i = 0; i < c.Count; i++)
            c.Span[i] = i % ldc >= N ? Untouched : Accumulate ? c.Span[i] : float.NaN;
        float[] before = c.Span.ToArray();
        gemm.Multiply(TransposeA, TransposeB, M, N, K, a.Pointer, lda, b.Pointer, ldb, c.Pointer, ldc,
            Accumulate, Bias ? bias.Pointer : null);
        for (int i = 0; i < c.Count; i++)
        {
            if (i % ldc >= N)
                Assert.Equal(Untouched, c.Span[i]);
            else
                CheckNumber(i / ldc, i % ldc, before[i], c.Span[i], a, lda, b, ldb, bias);
        }

        return c.Span.ToArray();
    }

    private void CheckNumber(
        int i, int j, float before, float actual, GemmGuarded a, int lda, GemmGuarded b, int ldb, GemmGuarded bias)
    {
        // The rounding scales with every term, also where they cancel.
        double start = Accumulate ? before : 0.0, shift = Bias ? bias.Pointer[j] : 0.0;
        double sum = start + shift, size = Math.Abs(start) + Math.Abs(shift);
        for (int p = 0; p < K; p++)
        {
            double x = TransposeA ? a.Pointer[p * lda + i] : a.Pointer[i * lda + p];
            double y = TransposeB ? b.Pointer[j * ldb + p] : b.Pointer[p * ldb + j];
            sum += x * y;
            size += Math.Abs(x * y);
        }

        double allowed = Integers ? 0 : size * 8 * (Math.Sqrt(K) + 4) / (1 << 24);
        Assert.True(Math.Abs(sum - actual) <= allowed, $"{this}: c[{i},{j}] = {actual}, expected {sum}");
    }

    // Small integers make every sum exact in fp32, so that the reference must be met to the bit.
    private GemmGuarded Fill(ulong stream, int rows, int columns, int ld)
    {
        var memory = new GemmGuarded(rows == 0 || columns == 0 ? 0 : (rows - 1) * ld + columns);
        var rng = new Rng(7, stream);
        for (int i = 0; i < memory.Count; i++)
            memory.Span[i] = Integers ? rng.Below((ulong)i, 9) - 4 : rng.Uniform((ulong)i) * 2 - 1;
        return memory;
    }
}
