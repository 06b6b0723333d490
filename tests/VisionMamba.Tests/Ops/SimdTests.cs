using System.Runtime.Intrinsics;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

/// <summary>The vector functions over dense grids against the same function in double.</summary>
public sealed class SimdTests(ITestOutputHelper output)
{
    private const int Points = 400_000;

    private delegate Vector512<float> VectorFunction(Vector512<float> x);

    [Fact]
    public void Exp2IsWithinTwoUnits() => Check("exp2", Simd.Exp2, x => Math.Pow(2, x), -126, 126, 1.9e-7);

    [Fact]
    public void ExpIsWithinTwoUnits() => Check("exp", Simd.Exp, Math.Exp, -87, 88, 2.4e-7);

    [Fact]
    public void ExpNearZero() => Check("exp near 0", Simd.Exp, Math.Exp, -1e-3, 1e-3, 1.2e-7);

    [Fact]
    public void SoftplusIsRelativelyAccurateAlsoWhereTiny() =>
        Check("softplus", Simd.Softplus, Pointwise.Softplus, -86, 100, 4e-7);

    [Fact]
    public void SigmoidIsRelativelyAccurate() => Check("sigmoid", Simd.Sigmoid, Pointwise.Sigmoid, -86, 100, 3e-7);

    [Fact]
    public void SiluIsRelativelyAccurate() => Check("silu", Simd.Silu, Pointwise.Silu, -86, 100, 3e-7);

    [Fact]
    public void SiluSlopeIsAccurate()
    {
        // It passes through 0 near -1.28: its error is measured against 1, about its largest size. Near x = 16, x times
        // the rounding of 1 - sigmoid is 16 * 6e-8.
        double worst = 0;
        foreach ((float x, float y) in Grid(x => Simd.SiluSlope(x, Simd.Sigmoid(x)), -80, 80))
            worst = Math.Max(worst, Math.Abs(y - Pointwise.SiluSlope(x)));
        output.WriteLine($"silu slope: {worst:E2}");
        Assert.InRange(worst, 0, 1.2e-6);
    }

    [Fact]
    public void TheEndsOfTheRangeStayFinite()
    {
        foreach (float x in (float[])[-1000, -126.5f, -88, -87, 88, 1000, float.MaxValue, float.MinValue])
        {
            float exp = One(Simd.Exp, x), softplus = One(Simd.Softplus, x), sigmoid = One(Simd.Sigmoid, x);
            Assert.InRange(exp, 0, float.MaxValue);
            Assert.InRange(sigmoid, 0, 1);
            Assert.InRange(softplus, 0, float.MaxValue);
            Assert.Equal(Math.Max(x, 0), softplus, 1e-30 + (1e-6 * Math.Abs(x > 0 ? x : 0)));
        }

        Assert.InRange(One(Simd.Exp2, -1000), 0, 1.2e-38f);
        Assert.Equal(float.PositiveInfinity, One(Simd.Silu, float.PositiveInfinity));
    }

    [Fact]
    public void NaNStaysNaN()
    {
        foreach (VectorFunction function in (VectorFunction[])[Simd.Exp, Simd.Silu, Simd.Softplus, Simd.Sigmoid])
        {
            float[] lanes = [.. Enumerable.Range(0, 16).Select(i => i % 3 == 1 ? float.NaN : i)];
            Vector512<float> y = function(Vector512.Create(lanes));
            for (int i = 0; i < lanes.Length; i++)
                Assert.Equal(float.IsNaN(lanes[i]), float.IsNaN(y[i]));
        }
    }

    [Fact]
    public unsafe void TailsTouchOnlyTheirLanes()
    {
        float* memory = stackalloc float[24];
        for (int count = 1; count <= Simd.Lanes; count++)
        {
            for (int i = 0; i < 24; i++)
                memory[i] = i + 1;
            Vector512<float> loaded = Simd.Load(memory + 4, count);
            Simd.Add(loaded, memory + 4, count);
            for (int i = 0; i < 24; i++)
                Assert.Equal((i + 1) * (i >= 4 && i < 4 + count ? 2 : 1), memory[i]);
            for (int i = 0; i < Simd.Lanes; i++)
                Assert.Equal(i < count ? i + 5 : 0, loaded[i]);
        }
    }

    private static float One(VectorFunction function, float x) => function(Vector512.Create(x))[3];

    private static List<(float X, float Y)> Grid(VectorFunction function, double from, double to)
    {
        List<(float X, float Y)> values = new(Points);
        Span<float> lanes = stackalloc float[16];
        for (int i = 0; i < Points; i += 16)
        {
            for (int lane = 0; lane < 16; lane++)
                lanes[lane] = (float)(from + ((to - from) * (i + lane) / (Points - 1)));
            Vector512<float> y = function(Vector512.Create<float>(lanes));
            for (int lane = 0; lane < 16; lane++)
                values.Add((lanes[lane], y[lane]));
        }

        return values;
    }

    private void Check(
        string name, VectorFunction function, Func<double, double> exact, double from, double to, double relative)
    {
        double worst = 0;
        float at = 0;
        foreach ((float x, float y) in Grid(function, from, to))
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
