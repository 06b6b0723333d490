using System.Text.Json;
using VisionMamba.Data;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Images;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Tests.Data;

/// <summary>Mixup and cutmix: recorded cases to the bit, modes and distributions.</summary>
public class BatchMixerTests
{
    private static readonly AugmentOptions s_both = new() { Mixup = 0.8, Cutmix = 1 };

    public static TheoryData<string, string> Cases => PreprocessCases.OfKind("mixup");

    [Theory]
    [MemberData(nameof(Cases))]
    public void EqualsTimm(string folder, string item)
    {
        JsonElement info = JsonElement.Parse(item);
        using TensorFile file = TensorFile.Open(Path.Combine(folder, info.GetProperty("tensors").GetString()!));
        string name = $"mix{info.GetProperty("index").GetInt32()}";
        float[] pixels = file.Tensors["image"].ToTensor().Span.ToArray();
        int[] labels = [.. file.Tensors["target"].ToInt64().Select(label => (int)label)];
        const int size = 16;
        double lambda = info.GetProperty("lam").GetDouble();
        var plan = new MixPlan(lambda, null);
        if (info.GetProperty("cutmix").GetBoolean())
        {
            int[] b = [.. info.GetProperty("box_yl_yh_xl_xh").EnumerateArray().Select(v => v.GetInt32())];
            plan = MixPlan.Cut(new PixelBox(b[2], b[0], b[3] - b[2], b[1] - b[0]), size);
            Assert.Equal(lambda, plan.Lambda);
        }

        MixPlan[] plans = [.. Enumerable.Repeat(plan, labels.Length)];
        new BatchMixer(s_both, 5, 0.1).Mix(pixels, size, plans);
        Assert.Equal(file.Tensors[$"{name}.image"].ToTensor().Span.ToArray(), pixels);
        float[] targets = BatchMixer.Targets(
            labels, plans, info.GetProperty("classes").GetInt32(), info.GetProperty("smoothing").GetDouble());
        Assert.Equal(file.Tensors[$"{name}.target"].ToTensor().Span.ToArray(), targets);
    }

    [Theory]
    [InlineData(0.5, 16, 8, 8, 3, 3, 10, 10)] // int(16 sqrt(.5)) / 2 = 5 to each side
    [InlineData(0.5, 16, 0, 15, 10, 0, 6, 5)]
    [InlineData(1.0, 16, 3, 3, 3, 3, 0, 0)]
    public void TheBoxIsCutAtTheBorders(
        double lambda, int size, int y, int x, int left, int top, int width, int height) =>
        Assert.Equal(new PixelBox(left, top, width, height), MixDraw.Around(lambda, size, y, x));

    [Theory]
    [InlineData(MixMode.Batch, 6)]
    [InlineData(MixMode.Batch, 7)]
    [InlineData(MixMode.Pair, 6)]
    [InlineData(MixMode.Pair, 7)]
    [InlineData(MixMode.Elem, 6)]
    [InlineData(MixMode.Elem, 7)]
    [InlineData(MixMode.Elem, 1)]
    public void PicturesMixWithTheirOppositeAsTargetsSay(MixMode mode, int count)
    {
        const int size = 4, numbers = 3 * size * size;
        var mixer = new BatchMixer(s_both with { MixMode = mode }, count, 0);
        var distinct = new HashSet<double>();
        for (ulong round = 0; round < 50; round++)
        {
            // Picture i holds the number i, and its label is i.
            float[] pixels = [.. Enumerable.Range(0, count * numbers).Select(i => (float)(i / numbers))];
            int[] labels = [.. Enumerable.Range(0, count)];
            var batch = new ImageBatch(pixels, size, labels, labels, [.. labels.Select(i => $"{i}")]);
            float[] targets = mixer.Mix(batch, new Rng(9, round));
            for (int i = 0; i < count; i++)
            {
                int other = count - 1 - i;
                float own = targets[i * count + i], rest = i == other ? 0 : targets[i * count + other];
                Assert.Equal(1, own + rest, 1e-6f);
                Assert.Equal(own * i + rest * other, pixels.AsSpan(i * numbers, numbers).ToArray().Average(), 1e-4f);
                if (i != other)
                    distinct.Add(own + 1000 * round);
                if (mode == MixMode.Pair && i != other)
                    Assert.Equal(own, targets[other * count + other]);
            }
        }

        int draws = (mode, count) switch { (_, 1) => 0, (MixMode.Batch, _) => 50, (MixMode.Pair, _) => 150, _ => 300 };
        Assert.InRange(distinct.Count, draws * 0.6, draws); // equal cutmix areas repeat
    }

    [Theory]
    [InlineData(0.8, 0.0, 1.0, 0.5, 1.0, 0.0)]
    [InlineData(0.0, 1.0, 1.0, 0.5, 1.0, 1.0)]
    [InlineData(0.8, 1.0, 1.0, 0.5, 1.0, 0.5)]
    [InlineData(0.8, 1.0, 0.6, 0.2, 0.6, 0.12)]
    public void ProbabilitiesAreKept(
        double mixup, double cutmix, double probability, double swap, double mixed, double cut)
    {
        var options = new AugmentOptions
        {
            Mixup = mixup,
            Cutmix = cutmix,
            MixProbability = probability,
            MixSwitchProbability = swap,
        };
        var mixer = new BatchMixer(options, 2, 0);
        MixPlan[] plans = [.. Enumerable.Range(0, 4000).Select(i => mixer.Plans(2, 64, new Rng(1, (ulong)i))[0])];
        // A box may be empty, which leaves the picture alone.
        Assert.Equal(mixed, plans.Count(p => p.Lambda != 1 || p.Box is not null) / 4000.0, 0.03);
        Assert.Equal(cut, plans.Count(p => p.Box is not null) / 4000.0, 0.03);
    }

    [Fact]
    public void TheRangeBoundsTheSidesOfTheBox()
    {
        var mixer = new BatchMixer(new AugmentOptions { CutmixRange = new CutmixRange(0.25, 0.75) }, 2, 0);
        for (ulong i = 0; i < 500; i++)
        {
            PixelBox box = mixer.Plans(2, 64, new Rng(1, i))[0].Box!.Value;
            Assert.InRange(box.Width, 16, 47);
            Assert.InRange(box.Height, 16, 47);
            Assert.True(box.Left >= 0 && box.Top >= 0 && box.Left + box.Width <= 64 && box.Top + box.Height <= 64);
        }
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.8)]
    [InlineData(1.0)]
    [InlineData(4.0)]
    public void BetaHasItsMeanAndVariance(double alpha)
    {
        var draws = new RandomDraws(new Rng(5, 5));
        double[] values = [.. Enumerable.Range(0, 20000).Select(_ => draws.Beta(alpha))];
        double mean = values.Average(), variance = values.Average(v => (v - mean) * (v - mean));
        Assert.Equal(0.5, mean, 0.01);
        Assert.Equal(1 / (4 * (2 * alpha + 1)), variance, 0.005);
        Assert.All(values, v => Assert.InRange(v, 0, 1));
    }

    [Fact]
    public void WithoutMixingTheTargetsAreSmoothedAndThePicturesStay()
    {
        float[] pixels = [.. Enumerable.Range(0, 2 * 3 * 4).Select(i => (float)i)];
        var batch = new ImageBatch([.. pixels], 2, [0, 1], [2, 0], ["a", "b"]);
        float[] targets = new BatchMixer(new AugmentOptions(), 4, 0.2).Mix(batch, new Rng(1, 1));
        Assert.Equal(pixels, batch.Pixels);
        Assert.Equal([0.05f, 0.05f, 0.85f, 0.05f, 0.85f, 0.05f, 0.05f, 0.05f], targets);
    }
}
