using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Tests.Ops;

/// <summary>Dropout of learned tokens: its rate, its determinism, batches in pieces, and the backward pass.</summary>
public sealed class TokenDropoutTests
{
    private const int Batch = 4, Length = 5, Learned = 7, Dim = 130;
    private const float Rate = 0.3f;
    private static readonly TokenOrder s_order =
        new([.. Enumerable.Range(0, Length), .. Enumerable.Range(0, Learned).Select(p => ~p)]);

    [Fact]
    public void DropsTheRightShareOfTheLearnedTokensAlone()
    {
        float[] y = Forward(new Rng(1, 2), 0, Batch);
        int[] kept = [.. Elements(y, learned: true).Select(v => v == 0 ? 0 : 1)];
        Assert.All(Elements(y, learned: true).Where(v => v != 0), v => Assert.Equal(1 / (1 - Rate), v, 1e-6));
        Assert.All(Elements(y, learned: false), v => Assert.Equal(1, v));
        double deviation = Math.Sqrt(Rate * (1 - Rate) / kept.Length);
        Assert.InRange(kept.Average(), 1 - Rate - (5 * deviation), 1 - Rate + (5 * deviation));
    }

    [Fact]
    public void EveryImageHasItsOwnDecisionsWhereverTheBatchIsCut()
    {
        float[] whole = Forward(new Rng(3, 1), 0, Batch);
        float[] pieces = [.. Forward(new Rng(3, 1), 0, 1), .. Forward(new Rng(3, 1), 1, Batch - 1)];
        Assert.Equal(whole, pieces);
        int sample = whole.Length / Batch;
        Assert.NotEqual(whole[..sample], whole[sample..(2 * sample)]);
        Assert.NotEqual(whole, Forward(new Rng(4, 1), 0, Batch));
    }

    [Fact]
    public void TheBackwardPassMakesTheSameDecisions()
    {
        float[] y = Forward(new Rng(3, 1), 2, Batch);
        using var backend = new CpuBackend(2);
        Tensor gradient = new(1, Learned, Dim);
        backend.ArrangeTokensBackward(
            Arguments(new Rng(3, 1), 2, Batch), Ones(Batch, Length + Learned, Dim), null, gradient);
        for (int i = 0; i < Learned * Dim; i++)
        {
            double expected = Enumerable.Range(0, Batch)
                .Sum(b => y[(((b * (Length + Learned)) + Length) * Dim) + i]);
            Assert.Equal(expected, gradient.Span[i], 1e-5);
        }
    }

    [Fact]
    public void ASourceTakenTwiceIsRefused() =>
        Assert.Throws<ArgumentException>(() => new TokenOrder(0, ~0, 0));

    private static IEnumerable<float> Elements(float[] y, bool learned) =>
        y.Where((_, i) => (i / Dim % (Length + Learned) >= Length) == learned);

    private static float[] Forward(Rng rng, int first, int batch)
    {
        using var backend = new CpuBackend(1);
        Tensor y = new(batch, Length + Learned, Dim);
        backend.ArrangeTokensForward(Arguments(rng, first, batch), y);
        return y.Span.ToArray();
    }

    private static ArrangeTokensArguments Arguments(Rng rng, int first, int batch) =>
        new(Ones(batch, Length, Dim), Ones(1, Learned, Dim), s_order, Rate, rng, first);

    private static Tensor Ones(params ReadOnlySpan<int> shape)
    {
        var tensor = new Tensor(shape);
        tensor.Span.Fill(1);
        return tensor;
    }
}
