using CsCheck;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Oracles;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Ops;

/// <summary>One matrix product: sizes, transposes, and leading dimensions this much wider than the matrices.</summary>
internal sealed record Product(
    int M, int N, int K, bool TransposeA, bool TransposeB, bool Accumulate, bool Bias, int Extra)
{
    public (int Rows, int Columns) A => TransposeA ? (K, M) : (M, K);

    public (int Rows, int Columns) B => TransposeB ? (N, K) : (K, N);
}

/// <summary>The matrix product against sums in double, with both register tiles.</summary>
public sealed unsafe class GemmTests
{
    private static readonly (int M, int N, int K)[] Sizes =
    [
        (1, 1, 1), (2, 3, 5), (12, 32, 7), (6, 16, 1), (13, 33, 17), (1, 257, 16), (257, 1, 33), (97, 101, 31),
        (193, 37, 19), (5, 3, 1025), (7, 65, 2049), (25, 1030, 3), (11, 17, 1024),
    ];

    public static IEnumerable<TheoryDataRow<int, int, int, bool>> Cases => Sizes.SelectMany(
        s => new[] { true, false }, (s, wide) => new TheoryDataRow<int, int, int, bool>(s.M, s.N, s.K, wide));

    [Theory]
    [MemberData(nameof(Cases))]
    public void EqualsTheNaiveProduct(int m, int n, int k, bool wide)
    {
        foreach (Product p in Variants(m, n, k))
            Check(p, Multiply(p, wide, threads: 1, guard: null));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void EqualsTheNaiveProductAtRandomSizes(bool wide) =>
        Gen.Select(Gen.Int[1, 70], Gen.Int[1, 70], Gen.Int[0, 40], Gen.Int[0, 31]).Sample(
            (m, n, k, flags) =>
            {
                var p = new Product(
                    m, n, k, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0, (flags & 8) != 0, (flags >> 4) * 5);
                Check(p, Multiply(p, wide, threads: 1, guard: null));
            },
            iter: 150, threads: 1);

    [Theory]
    [MemberData(nameof(Cases))]
    public void ThreadsDoNotChangeABit(int m, int n, int k, bool wide)
    {
        foreach (Product p in Variants(m, n, k))
        {
            float[] one = Multiply(p, wide, threads: 1, guard: null);
            Assert.Equal(one, Multiply(p, wide, threads: 2, guard: null));
            Assert.Equal(one, Multiply(p, wide, threads: 3, guard: null));
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void StaysInsideItsMatrices(int m, int n, int k, bool wide)
    {
        if (!GuardedMemory.Supported)
            Assert.Skip("no guard pages on this system");
        foreach (Product p in Variants(m, n, k))
        {
            float[] plain = Multiply(p, wide, threads: 1, guard: null);
            Assert.Equal(plain, Multiply(p, wide, threads: 1, guard: true));
            Assert.Equal(plain, Multiply(p, wide, threads: 1, guard: false));
        }
    }

    /// <summary>All transposes; accumulation, bias and wider rows alternate so that each meets each.</summary>
    private static IEnumerable<Product> Variants(int m, int n, int k)
    {
        for (int i = 0; i < 8; i++)
        {
            bool a = (i & 1) != 0, b = (i & 2) != 0, odd = i >= 4;
            yield return new Product(m, n, k, a, b, Accumulate: odd, Bias: a ^ odd, Extra: b ^ odd ? 3 : 0);
        }
    }

    /// <summary>C's rows with what lies between them. A last row ends at its width, where a guard may follow.</summary>
    private static float[] Multiply(Product p, bool wide, int threads, bool? guard)
    {
        using Matrix a = new(p.A, p.Extra, "a", guard), b = new(p.B, p.Extra, "b", guard);
        using Matrix c = new((p.M, p.N), p.Extra, "c", guard), bias = new((1, p.N), 0, "bias", guard);
        using var pool = new WorkerPool(threads);
        using var gemm = new Gemm(pool, wide);
        gemm.Multiply(
            p.TransposeA, p.TransposeB, p.M, p.N, p.K, a.Pointer, a.Stride, b.Pointer, b.Stride, c.Pointer, c.Stride,
            p.Accumulate, p.Bias ? bias.Pointer : null);
        Assert.True(a.Intact && b.Intact && c.Intact && bias.Intact);
        return c.Copy();
    }

    private static void Check(Product p, float[] actual)
    {
        Block a = Matrix.Values(p.A, p.Extra, "a"), b = Matrix.Values(p.B, p.Extra, "b");
        Block before = Matrix.Values((p.M, p.N), p.Extra, "c"), bias = Matrix.Values((1, p.N), 0, "bias");
        for (int i = 0; i < actual.Length; i++)
        {
            int row = i / (p.N + p.Extra), column = i % (p.N + p.Extra);
            if (column >= p.N)
            {
                Assert.True((float)before[i] == actual[i], $"{p} wrote between the rows");
                continue;
            }

            double start = p.Accumulate ? before[i] : 0, shift = p.Bias ? bias[column] : 0;
            double sum = start + shift, size = Math.Abs(start) + Math.Abs(shift);
            for (int k = 0; k < p.K; k++)
            {
                double term = (p.TransposeA ? a[k, row] : a[row, k]) * (p.TransposeB ? b[column, k] : b[k, column]);
                sum += term;
                size += Math.Abs(term);
            }

            Assert.True(Math.Abs(actual[i] - sum) <= 5e-7 * size, $"{p} [{row}, {column}] is {actual[i]}, not {sum}");
        }
    }

    private sealed class Matrix : IDisposable
    {
        private readonly GuardedMemory? _guarded;
        private readonly Storage _storage;
        private readonly int _count;

        public Matrix((int Rows, int Columns) shape, int extra, string name, bool? atEnd)
        {
            Stride = shape.Columns + extra;
            _count = shape.Rows == 0 ? 0 : ((shape.Rows - 1) * Stride) + shape.Columns;
            _guarded = atEnd is { } end ? new GuardedMemory(_count, end) : null;
            _storage = _guarded?.Storage ?? new Storage(_count);
            Values(shape, extra, name).Floats.AsSpan(0, _count).CopyTo(new Span<float>(Pointer, _count));
        }

        public int Stride { get; }

        public float* Pointer => _storage.Pointer;

        public bool Intact => _guarded?.Intact ?? true;

        public static Block Values((int Rows, int Columns) shape, int extra, string name) =>
            Ops.Values.Normal($"gemm {name}", 1, 0, shape.Rows, shape.Columns + extra);

        public float[] Copy() => new Span<float>(Pointer, _count).ToArray();

        public void Dispose()
        {
            _storage.Dispose();
            _guarded?.Dispose();
        }
    }
}
