using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

/// <summary>Dropout of prompts: its rate, its determinism, and the same decisions in the backward pass.</summary>
public sealed class PromptDropoutTests
{
    private const int Batch = 3, Length = 65, Dim = 130, ClassToken = 32;
    private const float Rate = 0.3f;
    private const int Count = Batch * Length * Dim;

    [Fact]
    public void KeepsTheRightShare()
    {
        (float[] factors, _, _) = Run(new Rng(1, 2));
        int kept = 0, decisions = 0;
        for (int i = 0; i < Count; i++)
        {
            if (i / Dim % Length == ClassToken)
            {
                Assert.Equal(0, factors[i]);
                continue;
            }

            decisions++;
            if (factors[i] == 0)
                continue;
            kept++;
            Assert.Equal(1 / (1 - Rate), factors[i], 1e-5);
        }

        // Five standard deviations of a binomial share.
        double share = (double)kept / decisions, deviation = Math.Sqrt(Rate * (1 - Rate) / decisions);
        Assert.InRange(share, 1 - Rate - (5 * deviation), 1 - Rate + (5 * deviation));
    }

    [Fact]
    public void IsAFunctionOfTheGenerator()
    {
        float[] first = Run(new Rng(1, 2)).Cross;
        Assert.Equal(first, Run(new Rng(1, 2)).Cross);
        Assert.Equal(first, Run(new Rng(1, 2), threads: 3).Cross);
        Assert.NotEqual(first, Run(new Rng(2, 2)).Cross);
        Assert.NotEqual(first, Run(new Rng(1, 3)).Cross);
    }

    [Fact]
    public void TheTwoPromptsAndAllTokensAreIndependent()
    {
        (float[] cross, float[] inner, _) = Run(new Rng(5, 0));
        Assert.InRange(Agreement(cross, inner, 0), 0.55, 0.61);
        Assert.InRange(Agreement(cross, cross, Dim), 0.55, 0.61);
        Assert.InRange(Agreement(cross, cross, Length * Dim), 0.55, 0.61);
    }

    [Fact]
    public void TheBackwardPassMakesTheSameDecisions()
    {
        (float[] cross, _, float[] gradient) = Run(new Rng(7, 7));
        double slope = Pointwise.SiluSlope(1);
        for (int i = 0; i < Count; i++)
            Assert.Equal(cross[i] * slope, gradient[i], 1e-5);
    }

    /// <summary>With p = 0.3, two independent masks agree at 0.7^2 + 0.3^2 = 0.58 of the places.</summary>
    private static double Agreement(float[] a, float[] b, int shift)
    {
        int equal = 0, total = 0;
        for (int i = 0; i + shift < Count; i++)
        {
            if (i / Dim % Length == ClassToken || (i + shift) / Dim % Length == ClassToken)
                continue;
            total++;
            equal += a[i] == 0 == (b[i + shift] == 0) ? 1 : 0;
        }

        return (double)equal / total;
    }

    /// <summary>The factors of the two prompts, which are all ones, and the cross prompt's gradient.</summary>
    private static (float[] Cross, float[] Inner, float[] Gradient) Run(Rng rng, int threads = 1)
    {
        using var backend = new CpuBackend(threads);
        float[] cross = Factors(backend, rng, cross: true), inner = Factors(backend, rng, cross: false);
        Tensor prompt = Ones(Batch, Length, Dim), d = Ones(Batch, Length, Dim), gradient = new(Batch, Length, Dim);
        SelectivePromptArguments a = Arguments(prompt, null, rng);
        backend.SelectivePromptBackward(a, d, null, gradient, null, null, null);
        return (cross, inner, gradient.Span.ToArray());
    }

    private static float[] Factors(CpuBackend backend, Rng rng, bool cross)
    {
        Tensor prompt = Ones(Batch, Length, Dim), y = new(Batch, Length, Dim);
        backend.SelectivePromptForward(Arguments(cross ? prompt : null, cross ? null : prompt, rng), y);
        double silu = Pointwise.Silu(1);
        return [.. y.Span.ToArray().Select(v => (float)(v / silu))];
    }

    private static SelectivePromptArguments Arguments(Tensor? cross, Tensor? inner, Rng rng) => new(
        new Tensor(Batch, Length, Dim), cross, inner, Ones(1, Dim), 0, Ones(1, Dim), 0, ClassToken, Rate, rng);

    private static Tensor Ones(params ReadOnlySpan<int> shape)
    {
        var tensor = new Tensor(shape);
        tensor.Span.Fill(1);
        return tensor;
    }
}
