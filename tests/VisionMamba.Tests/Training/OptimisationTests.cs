using VisionMamba.Data;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Datasets;
using VisionMamba.Data.Images;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Models.Prompting.Full;
using VisionMamba.Models.Prompting.Svp;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tensors.Files;
using VisionMamba.Training;
using VisionMamba.Training.Losses;

namespace VisionMamba.Tests.Training;

/// <summary>Options of a run seen in its results: pieces of a batch, teacher, average, repeats, early stop.</summary>
public sealed class OptimisationTests : TinyTraining
{
    private static readonly AugmentOptions s_mixing = new() { Mixup = 0.8, Cutmix = 1 };

    /// <summary>
    /// Half of all paths and prompts dropped: with other draws than the whole batch's nothing would agree.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    public void PiecesGiveTheBatchsLossAndGradient(int piece)
    {
        float[] images = [.. Enumerable.Range(0, 8 * 3 * 256).Select(i => MathF.Sin(i * 0.37f))];
        float[] targets = SoftTargets.Of([0, 1, 1, 0, 1, 0, 0, 1], 2, 0.1).Span.ToArray();
        (double loss, Dictionary<string, float[]> whole) = Gradients(images, targets, 8);
        (double parts, Dictionary<string, float[]> pieces) = Gradients(images, targets, piece);
        Assert.Equal(loss, parts, 1e-6 * loss);
        foreach ((string name, float[] gradient) in whole)
        {
            double error = 0, norm = 0;
            for (int i = 0; i < gradient.Length; i++)
            {
                error += Math.Pow(gradient[i] - pieces[name][i], 2);
                norm += Math.Pow(gradient[i], 2);
            }

            Assert.True(
                Math.Sqrt(error) <= 1e-5 * Math.Sqrt(norm), $"{name}: {Math.Sqrt(error):E1} of {Math.Sqrt(norm):E1}");
        }
    }

    [Fact]
    public void PiecesTrainAsTheBatch()
    {
        // Momentum is linear in the gradient; AdamW would blow rounding up where gradients are tiny.
        TrainingOptions options = Options with { Opt = "momentum", DropPath = 0.5, Augment = s_mixing };
        var whole = new Recorder();
        var pieces = new Recorder();
        VisionMambaModel a = Model("svp"), b = Model("svp");
        Train("whole", a, whole, options);
        Train("pieces", b, pieces, options with { MicroBatch = 3 });
        for (int i = 0; i < whole.Steps.Count; i++)
            Assert.Equal(whole.Steps[i], pieces.Steps[i], 1e-5);
        foreach (Tensor weight in a.Parameters.Trainable)
        {
            for (int i = 0; i < weight.Count; i++)
                Assert.Equal(weight.Span[i], b.Parameters[weight.Name!].Span[i], 1e-5f);
        }
    }

    [Theory]
    [InlineData("soft")]
    [InlineData("hard")]
    public void LearnsFromATeacherOfAnotherSize(string distillation)
    {
        VisionMambaModel teacher = new(
            VisionMambaConfig.OfWidth(16) with { Depth = 1, ImageSize = 32, Patch = 8, Stride = 8, Classes = 2 },
            new FullMethod(), seed: 9);
        teacher.Parameters["head.weight"].Span.Clear();
        teacher.Parameters["head.bias"].Span[0] = 20;
        Directory.CreateDirectory(At("", "teacher"));
        string file = At("teacher", "model.safetensors");
        ModelFile.Save(file, teacher, new ModelCard { Classes = ["above", "below"] });
        TrainingOptions options = Options with { Teacher = file, Distillation = distillation, DistillationAlpha = 1 };
        VisionMambaModel student = Model("full");
        Train("student", student, new Recorder(), options);
        // The teacher says "above" whatever it sees, and the labels have no share.
        Assert.True(student.Parameters["head.bias"].Span[0] > student.Parameters["head.bias"].Span[1]);
    }

    [Fact]
    public void ATeacherOfOtherClassesIsRefused()
    {
        VisionMambaModel teacher = new(
            VisionMambaConfig.OfWidth(16) with { Depth = 1, ImageSize = 16, Patch = 8, Stride = 8, Classes = 3 },
            new FullMethod(), seed: 9);
        Directory.CreateDirectory(At("", "teacher"));
        string file = At("teacher", "model.safetensors");
        ModelFile.Save(file, teacher, new ModelCard());
        var error = Assert.Throws<VisionMambaException>(() => Train(
            "student", Model("full"), new Recorder(), Options with { Teacher = file, Distillation = "soft" }));
        Assert.Contains("--teacher", error.Message);
        Assert.Contains("tells 3 classes apart", error.Message);
    }

    /// <summary>
    /// A released SVP checkpoint does not say how it reads its cross prompts; the wrong reading teaches nonsense.
    /// </summary>
    [Fact]
    public void ATeacherThatDoesNotSayHowItReadsItsPromptsIsRefused()
    {
        VisionMambaModel teacher = new(
            VisionMambaConfig.OfWidth(16) with { Depth = 1, ImageSize = 16, Patch = 8, Stride = 8, Classes = 2 },
            new SvpMethod(new SvpConfig { SharedLayers = 1 }), seed: 9);
        Directory.CreateDirectory(At("", "teacher"));
        string file = At("teacher", "model.pth");
        ModelExport.Torch(file, teacher, new ModelCard(), CheckpointLayout.Plain, ElementType.F32, []);
        string message = Assert.Throws<VisionMambaException>(() => Train(
            "student", Model("full"), new Recorder(), Options with { Teacher = file, Distillation = "soft" })).Message;
        Assert.Contains($"--teacher {file}", message);
        Assert.Contains("svp export", message);
    }

    [Fact]
    public void TheAverageIsValidatedLoggedAndSaved()
    {
        TrainingResult result = Train(
            "ema", Model("svp"), new Recorder(), Options with { ModelEma = true, ModelEmaDecay = 0.5 });
        Assert.NotNull(result.AverageValidation);
        Assert.True(result.State.BestEmaEpoch >= 0);
        string[] rows = File.ReadAllLines(At("ema", "log.csv"));
        Assert.Equal(
            "epoch,learning_rate,train_loss,validation_loss,validation_top1,validation_top5,ema_validation_loss,"
            + "ema_validation_top1,ema_validation_top5,seconds", rows[0]);
        Assert.All(rows, row => Assert.Equal(10, row.Split(',').Length));
        VisionMambaModel best = ModelFile.Load(At("ema", "best_ema.safetensors")).Model;
        VisionMambaModel last = ModelFile.Load(At("ema", "last.safetensors")).Model;
        Assert.NotEqual(last.Parameters["head.weight"].Span.ToArray(), best.Parameters["head.weight"].Span.ToArray());
        Assert.Equal(
            last.Parameters["layers.0.mixer.D"].Span.ToArray(), best.Parameters["layers.0.mixer.D"].Span.ToArray());
    }

    [Fact]
    public void AnAverageWithoutMemoryIsTheModel()
    {
        TrainingResult result = Train(
            "ema", Model("svp"), new Recorder(), Options with { ModelEma = true, ModelEmaDecay = 0 });
        Assert.Equal(result.Validation!.Loss, result.AverageValidation!.Loss);
    }

    [Fact]
    public void StopsEarly()
    {
        var progress = new Recorder();
        // No weight moves, so no epoch is better than the first.
        TrainingOptions still = Options with { Epochs = 30, EarlyStop = 2, HeadLrScale = 0, PromptLrScale = 0 };
        TrainingResult result = Train("still", Model("svp"), progress, still);
        Assert.True(result.Finished);
        Assert.Equal(3, result.State.Epoch);
        Assert.Equal(3, progress.StoppedAfter);
        // Resumed, it is over at once.
        Assert.Equal(3, Resume("still", still).State.Epoch);
    }

    [Fact]
    public void RepeatsComeInARowAndDiffer()
    {
        var data = ImageDataset.FromMemory("noise", ["a"], [0, 0, 0, 0, 0, 0, 0], i =>
        {
            var image = new RgbImage(16, 16);
            for (int at = 0; at < image.Pixels.Length; at++)
                image.Pixels[at] = (byte)new Rng(1, (ulong)i).Bits((ulong)at);
            return image;
        });
        var transform = new TrainTransform(Preprocessing.ImageNet(16));
        using var loader = new BatchLoader(data, transform, 3, 5, 2, shuffle: true, dropLast: false, repeats: 3);
        var indices = new List<int>();
        var pixels = new List<float[]>();
        foreach (ImageBatch batch in loader.Epoch(1))
        {
            indices.AddRange(batch.Indices);
            pixels.AddRange(Enumerable.Range(0, batch.Count).Select(i => batch.Input.Slice(i * 768, 768).ToArray()));
        }

        Assert.Equal(7, indices.Count);
        Assert.Equal([0, 0, 0, 1, 1, 1, 2], indices.Select(i => indices.Distinct().ToList().IndexOf(i)));
        Assert.NotEqual(pixels[0], pixels[1]);
        Assert.NotEqual(pixels[1], pixels[2]);
        using var later = new BatchLoader(data, transform, 3, 5, 1, shuffle: true, dropLast: false, repeats: 3);
        ImageBatch second = later.Epoch(1, firstBatch: 1).First();
        Assert.Equal(pixels[3], second.Input[..768].ToArray());
        Assert.Equal(pixels[5], second.Input.Slice(2 * 768, 768).ToArray());
    }

    private static (double Loss, Dictionary<string, float[]> Gradients) Gradients(
        float[] images, float[] targets, int piece)
    {
        using var backend = new CpuBackend(2);
        VisionMambaModel model = Model("svp");
        foreach (string scale in new[] { "prompt_scale", "prompt_shared_scale" })
            model.Parameters[scale].Span.Fill(0.5f);
        using var session = new ModelSession(model, backend);
        var loss = new TrainingLoss(new TrainingOptions());
        var context = new ForwardContext(Training: true, new Rng(1, 2), DropPath: 0.5f);
        double total = 0;
        for (int first = 0; first < 8; first += piece)
        {
            int count = Math.Min(piece, 8 - first);
            Tensor input = Tensor.From(images.AsSpan(first * 768, count * 768), count, 3, 16, 16);
            float[] target = targets[(first * 2)..((first + count) * 2)];
            total += session.Gradients(
                input, context with { FirstImage = first }, new PieceLoss(loss, target));
        }

        return (total, model.Parameters.Trainable.ToDictionary(p => p.Name!, p => p.Gradient!.Span.ToArray()));
    }

    private sealed class PieceLoss(TrainingLoss loss, float[] targets) : ILoss
    {
        public LossParts Of(Tape tape, Tensor logits) => loss.Of(tape, logits, targets, null, 8);
    }
}
