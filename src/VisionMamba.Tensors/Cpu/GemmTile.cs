using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VisionMamba.Tensors.Cpu;

/// <summary>
/// The inner loops of the matrix product: a tile of C stays in registers while k runs. A is read in place by
/// (row stride, step) and broadcast; B is packed, one row of the tile's width per step. Written out by hand because the
/// accumulators must be locals to live in registers (12 x 32: 24 accumulators, 2 rows of B and 1 broadcast of 32).
/// </summary>
internal static unsafe class GemmTile
{
    /// <summary>12 x 32 for AVX-512.</summary>
    public static void Tile512(
        long k, float* a, long rowStride, long step, float* b, float* c, long ldc, bool accumulate)
    {
        float* a0 = a, a3 = a + (3 * rowStride), a6 = a + (6 * rowStride), a9 = a + (9 * rowStride);
        long twice = 2 * rowStride;
        Vector512<float> c0x = default, c0y = default;
        Vector512<float> c1x = default, c1y = default;
        Vector512<float> c2x = default, c2y = default;
        Vector512<float> c3x = default, c3y = default;
        Vector512<float> c4x = default, c4y = default;
        Vector512<float> c5x = default, c5y = default;
        Vector512<float> c6x = default, c6y = default;
        Vector512<float> c7x = default, c7y = default;
        Vector512<float> c8x = default, c8y = default;
        Vector512<float> c9x = default, c9y = default;
        Vector512<float> c10x = default, c10y = default;
        Vector512<float> c11x = default, c11y = default;
        for (long p = 0; p < k; p++)
        {
            Vector512<float> bx = Vector512.Load(b), by = Vector512.Load(b + 16);
            Vector512<float> s = Vector512.Create(*a0);
            c0x = Vector512.MultiplyAddEstimate(s, bx, c0x);
            c0y = Vector512.MultiplyAddEstimate(s, by, c0y);
            s = Vector512.Create(*(a0 + rowStride));
            c1x = Vector512.MultiplyAddEstimate(s, bx, c1x);
            c1y = Vector512.MultiplyAddEstimate(s, by, c1y);
            s = Vector512.Create(*(a0 + twice));
            c2x = Vector512.MultiplyAddEstimate(s, bx, c2x);
            c2y = Vector512.MultiplyAddEstimate(s, by, c2y);
            s = Vector512.Create(*a3);
            c3x = Vector512.MultiplyAddEstimate(s, bx, c3x);
            c3y = Vector512.MultiplyAddEstimate(s, by, c3y);
            s = Vector512.Create(*(a3 + rowStride));
            c4x = Vector512.MultiplyAddEstimate(s, bx, c4x);
            c4y = Vector512.MultiplyAddEstimate(s, by, c4y);
            s = Vector512.Create(*(a3 + twice));
            c5x = Vector512.MultiplyAddEstimate(s, bx, c5x);
            c5y = Vector512.MultiplyAddEstimate(s, by, c5y);
            s = Vector512.Create(*a6);
            c6x = Vector512.MultiplyAddEstimate(s, bx, c6x);
            c6y = Vector512.MultiplyAddEstimate(s, by, c6y);
            s = Vector512.Create(*(a6 + rowStride));
            c7x = Vector512.MultiplyAddEstimate(s, bx, c7x);
            c7y = Vector512.MultiplyAddEstimate(s, by, c7y);
            s = Vector512.Create(*(a6 + twice));
            c8x = Vector512.MultiplyAddEstimate(s, bx, c8x);
            c8y = Vector512.MultiplyAddEstimate(s, by, c8y);
            s = Vector512.Create(*a9);
            c9x = Vector512.MultiplyAddEstimate(s, bx, c9x);
            c9y = Vector512.MultiplyAddEstimate(s, by, c9y);
            s = Vector512.Create(*(a9 + rowStride));
            c10x = Vector512.MultiplyAddEstimate(s, bx, c10x);
            c10y = Vector512.MultiplyAddEstimate(s, by, c10y);
            s = Vector512.Create(*(a9 + twice));
            c11x = Vector512.MultiplyAddEstimate(s, bx, c11x);
            c11y = Vector512.MultiplyAddEstimate(s, by, c11y);
            a0 += step;
            a3 += step;
            a6 += step;
            a9 += step;
            b += 32;
        }

        Put(c0x, c0y, c, accumulate);
        Put(c1x, c1y, c + (1 * ldc), accumulate);
        Put(c2x, c2y, c + (2 * ldc), accumulate);
        Put(c3x, c3y, c + (3 * ldc), accumulate);
        Put(c4x, c4y, c + (4 * ldc), accumulate);
        Put(c5x, c5y, c + (5 * ldc), accumulate);
        Put(c6x, c6y, c + (6 * ldc), accumulate);
        Put(c7x, c7y, c + (7 * ldc), accumulate);
        Put(c8x, c8y, c + (8 * ldc), accumulate);
        Put(c9x, c9y, c + (9 * ldc), accumulate);
        Put(c10x, c10y, c + (10 * ldc), accumulate);
        Put(c11x, c11y, c + (11 * ldc), accumulate);
    }

    /// <summary>6 x 16 for AVX2, and for everything else through the JIT's own lowering.</summary>
    public static void Tile256(
        long k, float* a, long rowStride, long step, float* b, float* c, long ldc, bool accumulate)
    {
        float* a0 = a, a3 = a + (3 * rowStride);
        long twice = 2 * rowStride;
        Vector256<float> c0x = default, c0y = default;
        Vector256<float> c1x = default, c1y = default;
        Vector256<float> c2x = default, c2y = default;
        Vector256<float> c3x = default, c3y = default;
        Vector256<float> c4x = default, c4y = default;
        Vector256<float> c5x = default, c5y = default;
        for (long p = 0; p < k; p++)
        {
            Vector256<float> bx = Vector256.Load(b), by = Vector256.Load(b + 8);
            Vector256<float> s = Vector256.Create(*a0);
            c0x = Vector256.MultiplyAddEstimate(s, bx, c0x);
            c0y = Vector256.MultiplyAddEstimate(s, by, c0y);
            s = Vector256.Create(*(a0 + rowStride));
            c1x = Vector256.MultiplyAddEstimate(s, bx, c1x);
            c1y = Vector256.MultiplyAddEstimate(s, by, c1y);
            s = Vector256.Create(*(a0 + twice));
            c2x = Vector256.MultiplyAddEstimate(s, bx, c2x);
            c2y = Vector256.MultiplyAddEstimate(s, by, c2y);
            s = Vector256.Create(*a3);
            c3x = Vector256.MultiplyAddEstimate(s, bx, c3x);
            c3y = Vector256.MultiplyAddEstimate(s, by, c3y);
            s = Vector256.Create(*(a3 + rowStride));
            c4x = Vector256.MultiplyAddEstimate(s, bx, c4x);
            c4y = Vector256.MultiplyAddEstimate(s, by, c4y);
            s = Vector256.Create(*(a3 + twice));
            c5x = Vector256.MultiplyAddEstimate(s, bx, c5x);
            c5y = Vector256.MultiplyAddEstimate(s, by, c5y);
            a0 += step;
            a3 += step;
            b += 16;
        }

        Put(c0x, c0y, c, accumulate);
        Put(c1x, c1y, c + (1 * ldc), accumulate);
        Put(c2x, c2y, c + (2 * ldc), accumulate);
        Put(c3x, c3y, c + (3 * ldc), accumulate);
        Put(c4x, c4y, c + (4 * ldc), accumulate);
        Put(c5x, c5y, c + (5 * ldc), accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(Vector512<float> x, Vector512<float> y, float* c, bool accumulate)
    {
        if (accumulate)
        {
            x += Vector512.Load(c);
            y += Vector512.Load(c + 16);
        }

        x.Store(c);
        y.Store(c + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(Vector256<float> x, Vector256<float> y, float* c, bool accumulate)
    {
        if (accumulate)
        {
            x += Vector256.Load(c);
            y += Vector256.Load(c + 8);
        }

        x.Store(c);
        y.Store(c + 8);
    }
}
