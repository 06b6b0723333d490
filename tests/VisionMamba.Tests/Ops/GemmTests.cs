using System.Runtime.Intrinsics;
using CsCheck;
using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Tests.Ops;

public sealed unsafe class GemmTests
{
    public static TheoryData<int, int, int> Sizes => new()
    {
        { 1, 1, 1 }, { 1, 33, 5 }, { 4, 100, 48 }, { 5, 17, 1 }, { 8, 16, 3 }, { 11, 31, 13 }, { 12, 32, 384 },
        { 13, 33, 385 }, { 25, 44, 96 }, { 24, 64, 7 }, { 197, 56, 24 }, { 150, 12, 33 }, { 7, 5, 1200 }, { 37, 1, 19 },
        { 1, 10, 769 }, { 40, 200, 60 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void EqualsTheReferenceInEveryForm(int m, int n, int k)
    {
        foreach (GemmTile tile in Tiles())
        {
            using var pool = new WorkerPool(2);
            using var gemm = new Gemm(pool, tile);
            for (int form = 0; form < 16; form++)
                new GemmCase((form & 1) > 0, (form & 2) > 0, m, n, k, (form & 4) > 0, (form & 8) > 0, form % 3)
                    .Check(gemm);
        }
    }

    [Fact]
    public void EqualsTheReferenceAtRandomSizes()
    {
        using var pool = new WorkerPool(2);
        foreach (GemmTile tile in Tiles())
        {
            using var gemm = new Gemm(pool, tile);
            Gen.Select(Gen.Int[1, 90], Gen.Int[1, 90], Gen.Int[1, 90], Gen.Int[0, 15], Gen.Int[0, 20], Gen.Bool)
                .Sample(
                    (m, n, k, form, gap, integers) => new GemmCase(
                        (form & 1) > 0, (form & 2) > 0, m, n, k, (form & 4) > 0, (form & 8) > 0, gap, integers)
                        .Check(gemm),
                    iter: 100, threads: 1);
        }
    }

    // Deep and wide enough for several depth blocks and, with over 5440 columns, several column spans.
    [Theory]
    [InlineData(13, 40, 6400)]
    [InlineData(2, 5500, 390)]
    public void EqualsTheReferenceAcrossBlocks(int m, int n, int k)
    {
        using var pool = new WorkerPool(2);
        using var gemm = new Gemm(pool);
        for (int form = 0; form < 4; form++)
            new GemmCase((form & 1) > 0, (form & 2) > 0, m, n, k, form == 1, true, 1).Check(gemm);
    }

    [Theory]
    [InlineData(0, 3, 4)]
    [InlineData(3, 0, 4)]
    [InlineData(3, 4, 0)]
    public void AcceptsEmptySizes(int m, int n, int k)
    {
        using var pool = new WorkerPool(1);
        using var gemm = new Gemm(pool);
        for (int form = 0; form < 4; form++)
            new GemmCase(false, true, m, n, k, (form & 1) > 0, (form & 2) > 0, 0).Check(gemm);
    }

    [Theory]
    [InlineData(197, 96, 400)]
    [InlineData(4, 1000, 192)]
    [InlineData(300, 44, 500)]
    public void BitsDoNotDependOnTheThreads(int m, int n, int k)
    {
        foreach (GemmTile tile in Tiles())
        {
            var product = new GemmCase(false, true, m, n, k, true, true, 0, Integers: false);
            float[][] results = [.. Enumerable.Range(1, 3).Select(threads => Run(product, tile, threads))];
            Assert.Equal(results[0], results[1]);
            Assert.Equal(results[0], results[2]);
        }
    }

    [Fact]
    public void ARowsBitsDoNotDependOnItsBatch()
    {
        foreach (GemmTile tile in Tiles())
        {
            float[] batch = Run(new GemmCase(false, true, 31, 75, 500, false, true, 0, Integers: false), tile, 2);
            for (int rows = 1; rows < 31; rows += 3)
            {
                var fewer = new GemmCase(false, true, rows, 75, 500, false, true, 0, Integers: false);
                Assert.Equal(batch[..(rows * 75)], Run(fewer, tile, 1));
            }
        }
    }

    [Fact]
    public void AllocatesNothingOnceWarm()
    {
        using var pool = new WorkerPool(2);
        using var gemm = new Gemm(pool);
        using var a = new GemmGuarded(100 * 64);
        using var b = new GemmGuarded(64 * 70);
        using var c = new GemmGuarded(100 * 70);
        long before = 0;
        for (int i = 0; i < 3; i++)
        {
            before = GC.GetAllocatedBytesForCurrentThread();
            gemm.Multiply(false, false, 100, 70, 64, a.Pointer, 64, b.Pointer, 70, c.Pointer, 70, false);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static float[] Run(GemmCase product, GemmTile tile, int threads)
    {
        using var pool = new WorkerPool(threads);
        using var gemm = new Gemm(pool, tile);
        return product.Check(gemm);
    }

    // The narrowest tile must also work where nothing is accelerated; the others would only be slow there.
    private static IEnumerable<GemmTile> Tiles()
    {
        yield return GemmTile.Vector128;
        if (Vector256.IsHardwareAccelerated)
            yield return GemmTile.Vector256;
        if (Vector512.IsHardwareAccelerated)
            yield return GemmTile.Vector512;
    }
}
