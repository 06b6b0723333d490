using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Tests.Ops;

/// <summary>Dropout in a bottleneck: its rate, the same decisions backwards and in pieces of a batch.</summary>
public sealed class ActivateTests
{
    private const int Batch = 4, Length = 33, Width = 19;
    private const float Rate = 0.3f;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void DropsTheRightShareForwardAndBackward(bool relu)
    {
        (float[] y, float[] gradient) = Run(relu, 0, Batch, new Rng(4, 2));
        int kept = 0, decisions = 0;
        for (int i = 0; i < y.Length; i++)
        {
            bool positive = i % 2 == 0;
            if (relu && !positive)
            {
                Assert.Equal((0, 0), (y[i], gradient[i]));
                continue;
            }

            decisions++;
            kept += y[i] == 0 ? 0 : 1;
            Assert.Equal(y[i] == 0 ? 0 : (positive ? 1 : -1) / (1 - Rate), y[i], 1e-6);
            Assert.Equal(Math.Abs(y[i]), gradient[i], 1e-6);
        }

        double share = (double)kept / decisions, deviation = Math.Sqrt(Rate * (1 - Rate) / decisions);
        Assert.InRange(share, 1 - Rate - (5 * deviation), 1 - Rate + (5 * deviation));
    }

    [Fact]
    public void IsAFunctionOfTheGeneratorAndThePlaceInTheBatch()
    {
        float[] whole = Run(false, 0, Batch, new Rng(1, 2)).Y, second = Run(false, 2, 2, new Rng(1, 2)).Y;
        Assert.Equal(whole[(2 * Length * Width)..], second);
        Assert.NotEqual(whole, Run(false, 0, Batch, new Rng(1, 3)).Y);
    }

    [Fact]
    public void CostsNothingWhereItDoesNothing()
    {
        using var backend = new CpuBackend(1);
        using var pool = new BufferPool();
        var x = new Tensor(1, 2, 3);
        Assert.Same(x, new Tape(backend, pool, recording: true).Activate(new ActivateArguments(x, false, 0)));
    }

    /// <summary>Ones of alternating sign, and the gradient of their sum.</summary>
    private static (float[] Y, float[] Gradient) Run(bool relu, int firstImage, int batch, Rng rng)
    {
        using var backend = new CpuBackend(2);
        Tensor x = new(batch, Length, Width), y = new(batch, Length, Width);
        Tensor g = new(batch, Length, Width), d = new(batch, Length, Width);
        for (int i = 0; i < x.Span.Length; i++)
            x.Span[i] = i % 2 == 0 ? 1 : -1;
        g.Span.Fill(1);
        var arguments = new ActivateArguments(x, relu, Rate, rng, firstImage);
        backend.ActivateForward(arguments, y);
        backend.ActivateBackward(arguments, g, d);
        return (y.Span.ToArray(), d.Span.ToArray());
    }
}
