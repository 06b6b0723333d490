using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

/// <summary>The vector functions in every width over dense grids, against the same function in double.</summary>
public sealed class VectorMathTests(ITestOutputHelper output)
{
    private const int Points = 400_000;

    public static TheoryData<int> Widths => [4, 8, 16];

    [Fact]
    public void Exp2IsWithinTwoUnits() => Check("exp2", f => f.Exp2, x => Math.Pow(2, x), -126, 126, 1.9e-7);

    /// <summary>The exponent of a scan's decay is a product: rounded, 2^-120 would be 4e-6 wrong.</summary>
    [Fact]
    public void Exp2OfAProductIsWithinTwoUnitsFarFromZero()
    {
        Assert.SkipUnless(Fma.IsSupported || AdvSimd.IsSupported, "no fused multiply-add");
        Check("exp2 of a product", f => f.Exp2Third, x => Math.Pow(2, x * (double)(1f / 3)), -377, 0, 1.9e-7);
    }

    [Fact]
    public void ExpIsWithinTwoUnits() => Check("exp", f => f.Exp, Math.Exp, -87, 88, 2.4e-7);

    [Fact]
    public void ExpNearZero() => Check("exp near 0", f => f.Exp, Math.Exp, -1e-3, 1e-3, 1.2e-7);

    [Fact]
    public void SoftplusIsRelativelyAccurateAlsoWhereTiny() =>
        Check("softplus", f => f.Softplus, Pointwise.Softplus, -86, 100, 4e-7);

    [Fact]
    public void SigmoidIsRelativelyAccurate() => Check("sigmoid", f => f.Sigmoid, Pointwise.Sigmoid, -86, 100, 3e-7);

    [Fact]
    public void SiluIsRelativelyAccurate() => Check("silu", f => f.Silu, Pointwise.Silu, -86, 100, 3e-7);

    [Fact]
    public void SiluSlopeIsAccurate()
    {
        // It passes through 0 near -1.28: its error is measured against 1, about its largest size. Near x = 16, x times
        // the rounding of 1 - sigmoid is 16 * 6e-8.
        double worst = 0;
        foreach ((float x, float y) in Grid(VectorFunctions.Of(16).SiluSlope, -80, 80))
            worst = Math.Max(worst, Math.Abs(y - Pointwise.SiluSlope(x)));
        output.WriteLine($"silu slope: {worst:E2}");
        Assert.InRange(worst, 0, 1.2e-6);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void TheEndsOfTheRangeStayFinite(int width)
    {
        VectorFunctions f = VectorFunctions.Of(width);
        foreach (float x in (float[])[-1000, -126.5f, -88, -87, 88, 1000, float.MaxValue, float.MinValue])
        {
            float exp = f.Exp([x])[0], softplus = f.Softplus([x])[0], sigmoid = f.Sigmoid([x])[0];
            Assert.InRange(exp, 0, float.MaxValue);
            Assert.InRange(sigmoid, 0, 1);
            Assert.InRange(softplus, 0, float.MaxValue);
            Assert.Equal(Math.Max(x, 0), softplus, 1e-30 + (1e-6 * Math.Abs(x > 0 ? x : 0)));
        }

        Assert.InRange(f.Exp2([-1000f])[0], 0, 1.2e-38f);
        Assert.Equal(float.PositiveInfinity, f.Silu([float.PositiveInfinity])[0]);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void NaNStaysNaN(int width)
    {
        VectorFunctions f = VectorFunctions.Of(width);
        foreach (VectorFunction function in (VectorFunction[])[f.Exp2, f.Exp, f.Silu, f.Softplus, f.Sigmoid])
        {
            float[] x = [.. Enumerable.Range(0, 16).Select(i => i % 3 == 1 ? float.NaN : i)];
            Assert.Equal(x.Select(float.IsNaN), function(x).Select(float.IsNaN));
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void AllWidthsGiveTheSameBits(int width)
    {
        VectorFunctions f = VectorFunctions.Of(width), wide = VectorFunctions.Of(16);
        float[] x = [.. Enumerable.Range(-5000, 10_000).Select(i => i * 0.0213f)];
        (VectorFunction Narrow, VectorFunction Wide)[] pairs =
        [
            (f.Exp2, wide.Exp2), (f.Exp, wide.Exp), (f.Silu, wide.Silu), (f.Softplus, wide.Softplus),
            (f.Sigmoid, wide.Sigmoid), (f.SiluSlope, wide.SiluSlope), (f.FourExp2, wide.Exp2),
            (f.Exp2Third, wide.Exp2Third),
        ];
        foreach ((VectorFunction narrow, VectorFunction reference) in pairs)
            Assert.Equal(Bits(reference(x)), Bits(narrow(x)));
        float[] shallow = [.. x.Where(v => v >= -126), float.NaN];
        Assert.Equal(Bits(wide.Exp2(shallow)), Bits(f.FourShallowExp2(shallow)));
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void TailsTouchOnlyTheirLanes(int width)
    {
        for (int count = 1; count <= width; count++)
        {
            float[] memory = [.. Enumerable.Range(1, 24).Select(i => (float)i)];
            float[] loaded = VectorFunctions.Of(width).DoubleTail(memory, 4, count);
            for (int i = 0; i < memory.Length; i++)
                Assert.Equal((i + 1) * (i >= 4 && i < 4 + count ? 2 : 1), memory[i]);
            for (int i = 0; i < width; i++)
                Assert.Equal(i < count ? i + 5 : 0, loaded[i]);
        }
    }

    private static int[] Bits(float[] values) => MemoryMarshal.Cast<float, int>(values).ToArray();

    private static IEnumerable<(float X, float Y)> Grid(VectorFunction function, double from, double to)
    {
        float[] x = [.. Enumerable.Range(0, Points).Select(i => (float)(from + ((to - from) * i / (Points - 1))))];
        return x.Zip(function(x));
    }

    private void Check(
        string name, Func<VectorFunctions, VectorFunction> function, Func<double, double> exact, double from, double to,
        double relative)
    {
        double worst = 0;
        float at = 0;
        foreach ((float x, float y) in Grid(function(VectorFunctions.Of(16)), from, to))
        {
            double expected = exact(x), error = expected == 0 ? Math.Abs(y) : Math.Abs((y / expected) - 1);
            Assert.False(double.IsNaN(error), $"{name}({x}) is {y}");
            if (error > worst)
                (worst, at) = (error, x);
        }

        output.WriteLine($"{name}: relative error at most {worst:E2}, at {at}");
        Assert.True(worst <= relative, $"{name}({at}) is off by {worst:E2}");
    }
}
