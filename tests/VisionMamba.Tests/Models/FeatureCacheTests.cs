using VisionMamba.Models;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Tests.Models;

public sealed class FeatureCacheTests
{
    [Fact]
    public void KeptFeaturesGiveTheSameBitsInAnyBatch()
    {
        using CpuBackend backend = new(1);
        VisionMambaModel model = SmallModels.Create("linear", "{}");
        float[] images = Images(model.Config, 7);
        int one = images.Length / 7;
        using var plain = new ModelSession(model, backend);
        using var kept = new ModelSession(model, backend);
        kept.KeepFeatures();
        float[] wanted = plain.Logits(images, 7);
        Assert.Equal(wanted[10..15], kept.Logits(images.AsSpan(2 * one, one), 1));
        Assert.Equal(wanted, kept.Logits(images, 7));
        Assert.Equal(wanted, kept.Logits(images, 7));
    }

    [Fact]
    public void GradientsAreTheSameBitsAndFollowTheHead()
    {
        using CpuBackend backend = new(1);
        VisionMambaModel model = SmallModels.Create("linear", "{}");
        Tensor images = Tensor.From(Images(model.Config, 4), 4, 3, model.Config.ImageSize, model.Config.ImageSize);
        Tensor targets = new(4, 1, model.Config.Classes);
        for (int i = 0; i < 4; i++)
            targets.Span[i * model.Config.Classes + i] = 1;
        using var plain = new ModelSession(model, backend);
        using var kept = new ModelSession(model, backend);
        kept.KeepFeatures();
        Tensor weight = model.Parameters["head.weight"];
        for (int round = 0; round < 3; round++)
        {
            (float[] a, float lossA) = Gradient(plain);
            (float[] b, float lossB) = Gradient(kept);
            Assert.Equal(a, b);
            Assert.Equal(lossA, lossB);
            Assert.Contains(a, g => g != 0);
            weight.Span[round] += 0.5f;
        }

        (float[] Gradient, float Loss) Gradient(ModelSession session)
        {
            model.Parameters.ClearGradients();
            float loss = session.Gradients(images, targets, new ForwardContext(true, new Rng(1, 2), 0));
            return (weight.Gradient!.Span.ToArray(), loss);
        }
    }

    [Fact]
    public void DropPathIsNotKeptAndAMethodWithPromptsKeepsNothing()
    {
        using CpuBackend backend = new(1);
        VisionMambaModel linear = SmallModels.Create("linear", "{}");
        using var session = new ModelSession(linear, backend);
        session.KeepFeatures();
        int size = linear.Config.ImageSize;
        Tensor images = Tensor.From(Images(linear.Config, 4), 4, 3, size, size), targets = new(4, 1, 5);
        targets.Span[0] = targets.Span[6] = targets.Span[12] = targets.Span[18] = 1;
        float[] losses = [.. Enumerable.Range(0, 4).Select(step => session.Gradients(
            images, targets, new ForwardContext(true, new Rng(1, (ulong)step), 0.5f)))];
        Assert.True(losses.Distinct().Count() > 1);

        VisionMambaModel svp = SmallModels.Create("svp");
        using var prompted = new ModelSession(svp, backend);
        prompted.KeepFeatures();
        float[] before = prompted.Logits(images.Span, 4);
        svp.Parameters.Trainable.First(p => p.Name!.StartsWith("prompt_generator_shared", StringComparison.Ordinal))
            .Span.Fill(0.3f);
        Assert.NotEqual(before, prompted.Logits(images.Span, 4));
    }

    /// <summary>Random crops never come again: they must not take the memory that validation's images need.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TrainingImagesAreKeptWhereTheyComeAgain(bool whileTraining)
    {
        using CpuBackend backend = new(1);
        VisionMambaModel model = SmallModels.Create("linear", "{}");
        using var session = new ModelSession(model, backend);
        session.KeepFeatures(whileTraining);
        Assert.Equal(whileTraining, session.KeepsTrainingFeatures);
        int size = model.Config.ImageSize;
        Tensor images = Tensor.From(Images(model.Config, 2), 2, 3, size, size), targets = new(2, 1, 5);
        targets.Span[0] = targets.Span[6] = 1;
        session.Gradients(images, targets, new ForwardContext(true, new Rng(1, 2), 0));
        using var plain = new ModelSession(model, backend);
        float[] before = plain.Logits(images.Span, 2);
        // Of another backbone the features are others: what is kept does not follow it.
        model.Parameters["layers.0.mixer.D"].Span.Fill(3);
        float[] after = session.Logits(images.Span, 2);
        Assert.Equal(whileTraining ? before : plain.Logits(images.Span, 2), after);
        Assert.NotEqual(before, plain.Logits(images.Span, 2));
        // Validation's images are kept in any case.
        model.Parameters["layers.0.mixer.D"].Span.Fill(5);
        Assert.Equal(after, session.Logits(images.Span, 2));
    }

    private static float[] Images(VisionMambaConfig config, int count)
    {
        var rng = new Rng(5, 6);
        return [.. Enumerable.Range(0, count * 3 * config.ImageSize * config.ImageSize)
            .Select(i => rng.Uniform((ulong)i) - 0.5f)];
    }
}
