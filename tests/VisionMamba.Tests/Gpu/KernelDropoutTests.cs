using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Ops;

namespace VisionMamba.Tests.Gpu;

/// <summary>
/// Dropout of prompts, emulated: the processor's decisions, in both passes and in the middle of a batch.
/// </summary>
public sealed class KernelDropoutTests(EmulatedDevice device) : IClassFixture<EmulatedDevice>
{
    private const int Batch = 3, Length = 9, Dim = 37;

    [Fact]
    public void DropsWhatTheProcessorDrops()
    {
        using var cpu = new CpuBackend(1);
        float[][] expected = Run(cpu), actual = Run(device.Backend);
        Assert.InRange(expected[1].Count(v => v == 0), 200, 600);
        for (int t = 0; t < expected.Length; t++)
        {
            for (int i = 0; i < expected[t].Length; i++)
            {
                Assert.Equal(expected[t][i] == 0, actual[t][i] == 0);
                Assert.Equal(expected[t][i], actual[t][i], 1e-5);
            }
        }
    }

    /// <summary>y - x, the prompts' gradients and the scales'.</summary>
    private static float[][] Run(Backend backend)
    {
        Tensor x = new(Batch, Length, Dim), y = new(Batch, Length, Dim), dY = Normal("dy"), cross = Normal("cross");
        Tensor inner = Normal("inner"), dCross = new(Batch, Length, Dim), dInner = new(Batch, Length, Dim);
        Tensor alpha = Tensor.From(Values.Normal("alpha", 1, 2, 2, Dim).Floats, 2, Dim), dAlpha = new(2, Dim);
        var a = new SelectivePromptArguments(
            x, cross, inner, alpha, 1, alpha, 0, 4, 0.4f, new Rng(7, 1UL << 40), FirstImage: 5);
        backend.SelectivePromptForward(a, y);
        backend.SelectivePromptBackward(a, dY, null, dCross, dInner, dAlpha, null);
        return [.. ((Tensor[])[y, dCross, dInner, dAlpha]).Select(t => t.Span.ToArray())];
    }

    private static Tensor Normal(string name) =>
        Tensor.From(Values.Normal($"dropout {name}", 1, 0, Batch, Length, Dim).Floats, Batch, Length, Dim);
}
