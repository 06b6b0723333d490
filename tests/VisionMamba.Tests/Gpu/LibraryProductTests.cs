using VisionMamba.Cli.Devices;
using VisionMamba.Gpu;
using VisionMamba.Gpu.Cublas;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Ops;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Gpu;

/// <summary>
/// Matrix products as a BLAS library is asked for them: rows for columns, slices, biases and sums equal the
/// processor's, in every precision.
/// </summary>
public sealed class LibraryProductTests
{
    public static TheoryData<Precision, double> Precisions => new()
    {
        { Precision.Fp32, 1e-6 }, { Precision.Tf32, 2e-3 }, { Precision.Bf16, 8e-3 },
        { Precision.Fp16, 1e-3 },
    };

    [Theory]
    [MemberData(nameof(Precisions))]
    public void LinearLayersEqualTheProcessors(Precision precision, double tolerance)
    {
        using var cpu = new CpuBackend(1);
        using var device = LibraryBackend.Create(precision);
        foreach ((int rows, int inputs, int wide, int outputs, bool bias) in (ReadOnlySpan<(int, int, int, int, bool)>)
            [(1, 1, 1, 1, true), (3, 5, 9, 7, false), (7, 1, 4, 6, true), (6, 33, 33, 1, true), (1, 20, 20, 70, false)])
        {
            float[][] expected = Run(cpu, rows, inputs, wide, outputs, bias);
            float[][] actual = Run(device, rows, inputs, wide, outputs, bias);
            for (int i = 0; i < expected.Length; i++)
                Near(expected[i], actual[i], tolerance, $"{rows} x {inputs} of {wide} to {outputs}, part {i}");
        }

        Assert.Equal(15, device.Library.Calls);
    }

    /// <summary>What is rounded is the inputs: fp32 is nearer than the others' roundings.</summary>
    [Fact]
    public void ACoarserPrecisionIsReallyUsed()
    {
        using var cpu = new CpuBackend(1);
        float[] exact = Run(cpu, 3, 5, 9, 7, false)[0];
        foreach (Precision precision in (Precision[])[Precision.Tf32, Precision.Bf16, Precision.Fp16])
        {
            using var device = LibraryBackend.Create(precision);
            float[] rounded = Run(device, 3, 5, 9, 7, false)[0];
            Assert.Contains(exact.Zip(rounded), p => Math.Abs(p.First - p.Second) > 1e-5 * exact.Max(Math.Abs));
        }
    }

    [Fact]
    public void AWholeStepByTheLibraryEqualsTheProcessors()
    {
        using var device = LibraryBackend.Create(Precision.Fp32);
        Assert.StartsWith("ok", new DeviceCheck(device, 2).All().Single(c => c.Name == "equals_cpu_svp").Run());
    }

    [Fact]
    public void Bfloat16IsRoundedToNearestEven()
    {
        float[] values = Bfloat16Oracle.Special;
        using var device = LibraryBackend.Create(Precision.Bf16);
        var x = Tensor.From(values, values.Length, 1);
        var y = new Tensor(values.Length, 1);
        device.LinearForward(x, Tensor.From([1f], 1, 1), null, y);
        Assert.Equal([.. values.Select(Bfloat16Oracle.Round)], y.Span.ToArray());
    }

    /// <summary>Every fp16 number, what lies half way to the next and just beside both; and many others.</summary>
    [Fact]
    public void Fp16IsRoundedToNearestEvenAsTheRuntimeDoes()
    {
        for (uint half = 0; half <= 0x7C00; half++)
        {
            float x = (float)BitConverter.UInt16BitsToHalf((ushort)half);
            float next = (float)BitConverter.UInt16BitsToHalf((ushort)(half + 1)), between = (x + next) / 2;
            foreach (float value in (float[])[x, between, MathF.BitIncrement(between), MathF.BitDecrement(between)])
                Check(BitConverter.SingleToUInt32Bits(value));
        }

        for (uint bits = 1; bits > 0 && bits <= uint.MaxValue - 9973; bits += 9973)
            Check(bits);
        static void Check(uint bits)
        {
            var expected = (Half)BitConverter.UInt32BitsToSingle(bits);
            Half actual = BitConverter.UInt16BitsToHalf((ushort)Float16.Round(bits));
            Assert.True(Half.IsNaN(expected) ? Half.IsNaN(actual) : expected.Equals(actual)
                && Half.IsNegative(expected) == Half.IsNegative(actual), $"{bits:X8}: {actual}, not {expected}");
        }
    }

    /// <summary>fp16 ends at 65,504 and has lost all bits at 6e-8; gradients are smaller, activations may be larger.
    /// </summary>
    [Theory]
    [InlineData(1e-9f, 1)]
    [InlineData(3e7f, 1e-12f)]
    [InlineData(1e-38f, 1e6f)]
    [InlineData(1e30f, 1e-20f)]
    [InlineData(0, 1)]
    public void Fp16HasTheRangeOfFloats(float xSize, float weightSize)
    {
        using var device = LibraryBackend.Create(Precision.Fp16);
        // What fp16 holds to the bit, and 2^-20 of the largest.
        float[] x = [1, -0.5f, 1.5f, 1f / (1 << 20)], w = [2, 3, -1, 1];
        var y = new Tensor(1, 1);
        y.Fill(7);
        Tensor input = Tensor.From([.. x.Select(v => v * PowerBelow(xSize))], 1, 4);
        Tensor weight = Tensor.From([.. w.Select(v => v * PowerBelow(weightSize))], 1, 4);
        device.LinearForward(input, weight, null, y);
        float expected = -1 + (1f / (1 << 20));
        Assert.Equal(expected * PowerBelow(xSize) * PowerBelow(weightSize), y.Span[0]);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void WhatIsNotFiniteIsNotHiddenByFp16(float bad)
    {
        using var device = LibraryBackend.Create(Precision.Fp16);
        var y = new Tensor(1, 1);
        device.LinearForward(Tensor.From([1f, bad], 1, 2), Tensor.From([1f, 1], 1, 2), null, y);
        Assert.False(float.IsFinite(y.Span[0]));
    }

    private static float PowerBelow(float x) => x == 0 ? 0 : MathF.ScaleB(1, MathF.ILogB(x));

    /// <summary>A frozen weight is rounded once; one that the host or a kernel has changed again.</summary>
    [Theory]
    [InlineData(Precision.Bf16)]
    [InlineData(Precision.Fp16)]
    public void AWeightIsRoundedWhenItMayHaveChanged(Precision precision)
    {
        using var device = LibraryBackend.Create(precision);
        var x = Tensor.From([1f, 2], 1, 2);
        Tensor weight = Tensor.From([3f, 4, 5, 6], 2, 2), y = new(1, 2), dX = new(1, 2);
        device.LinearForward(x, weight, null, y);
        device.LinearForward(x, weight, null, y);
        device.LinearBackward(x, weight, y, dX, null, null);
        Assert.Equal([11, 17], y.Span.ToArray());
        Assert.Equal([(11 * 3) + (17 * 5), (11 * 4) + (17 * 6)], dX.Span.ToArray());
        Assert.Equal(1, device.WeightsRounded);
        weight.Span[0] = 7;
        device.LinearForward(x, weight, null, y);
        Assert.Equal([15, 17], y.Span.ToArray());
        device.Scale(weight, 2);
        device.LinearForward(x, weight, null, y);
        Assert.Equal([30, 34], y.Span.ToArray());
        weight.Fill(1);
        device.LinearForward(x, weight, null, y);
        Assert.Equal([3, 3], y.Span.ToArray());
        Assert.Equal(4, device.WeightsRounded);
    }

    [Fact]
    public void AMissingLibraryIsNamed()
    {
        var error = Assert.Throws<VisionMambaException>(() => CublasLibrary.Load("/nowhere/libcublas.so"));
        Assert.Contains("SVP_CUBLAS=/nowhere/libcublas.so", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    private static float[][] Run(Backend backend, int rows, int inputs, int wide, int outputs, bool withBias)
    {
        var x = Tensor.From(Values.Normal("x", 1, 0, rows, wide).Floats, rows, wide);
        var weight = Tensor.From(Values.Normal("w", 1, 0, outputs, inputs).Floats, outputs, inputs);
        Tensor? bias = withBias ? Tensor.From(Values.Normal("b", 1, 0, outputs).Floats, outputs) : null;
        var dY = Tensor.From(Values.Normal("dY", 1, 0, rows, outputs).Floats, rows, outputs);
        Tensor y = new(rows, outputs), dX = new(rows, wide), dWeight = new(outputs, inputs), dBias = new(outputs);
        dX.Fill(0.5f);
        dWeight.Fill(-0.5f);
        backend.LinearForward(x, weight, bias, y);
        backend.LinearBackward(x, weight, dY, dX, dWeight, withBias ? dBias : null);
        return [y.Span.ToArray(), dX.Span.ToArray(), dWeight.Span.ToArray(), dBias.Span.ToArray()];
    }

    private static void Near(float[] expected, float[] actual, double tolerance, string what)
    {
        double scale = Math.Max(expected.Max(Math.Abs), 1);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(
                Math.Abs(expected[i] - actual[i]) <= tolerance * scale,
                $"{what} [{i}]: {actual[i]}, not {expected[i]}");
        }
    }
}
