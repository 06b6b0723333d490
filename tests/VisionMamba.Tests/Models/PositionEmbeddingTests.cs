using VisionMamba.Models;
using VisionMamba.Tensors;

namespace VisionMamba.Tests.Models;

public sealed class PositionEmbeddingTests
{
    // PyTorch 1.13:
    // interpolate((arange(9) ** 2).reshape(1, 1, 3, 3), size=(4, 4), mode="bicubic", align_corners=False).
    private static readonly float[] s_expected =
    [
        -0.68686f, -0.5641f, 0.91175f, 2.6771f, 2.49059f, 4.78462f, 9.65483f, 13.59144f,
        19.01332f, 24.70171f, 34.87837f, 42.20934f, 36.97397f, 44.83363f, 58.40466f, 67.90689f,
    ];

    [Theory]
    [InlineData(PositionClassToken.Middle, 4, 8)]
    [InlineData(PositionClassToken.First, 0, 0)]
    public void ResizesAsPyTorchAndKeepsTheClassToken(PositionClassToken place, int from, int to)
    {
        List<float> rows = [.. Enumerable.Range(0, 9).Select(i => (float)(i * i))];
        rows.Insert(from, 1000);
        Tensor result = PositionEmbedding.Resize(Tensor.From(rows.ToArray(), 1, 10, 1), 4, place);
        List<float> values = [.. result.Span];
        Assert.Equal(17, values.Count);
        Assert.Equal(1000, values[to]);
        values.RemoveAt(to);
        for (int i = 0; i < 16; i++)
            Assert.Equal(s_expected[i], values[i], 2e-5f * 68);
    }

    [Fact]
    public void TheSameSizeChangesNothing()
    {
        var rng = new Rng(1, 1);
        float[] values = [.. Enumerable.Range(0, 3 * 26).Select(i => rng.Normal((ulong)i))];
        Tensor result = PositionEmbedding.Resize(Tensor.From(values, 1, 26, 3), 5, PositionClassToken.Middle);
        Assert.Equal(values, result.Span.ToArray());
    }
}
