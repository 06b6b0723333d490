using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Training;
using VisionMamba.Training.Losses;

namespace VisionMamba.Tests.Training;

/// <summary>The losses against numbers of PyTorch 1.13 and DeiT's formulas on the same logits.</summary>
public sealed class LossTests
{
    private static readonly float[] s_logits = [1, -2, 0.5f, 0, 3, -1], s_teacher = [0.2f, 1, -0.5f, 2, -1, 0];

    private static readonly TrainingOptions s_distil =
        new() { Teacher = "file", DistillationAlpha = 0.7, DistillationTau = 3 };

    [Fact]
    public void SoftDistillationEqualsDeiTs() => Compare(
        s_distil with { Distillation = "soft" }, 1.2626023292541504,
        [-0.004373088479042053, -0.08987072110176086, 0.09424377977848053, -0.10512900352478027, 0.28152453899383545,
            -0.17639553546905518]);

    [Fact]
    public void HardDistillationEqualsDeiTs() => Compare(
        s_distil with { Distillation = "hard" }, 2.9777402877807617,
        [0.1618744432926178, -0.33997055888175964, 0.17809610068798065, -0.3316936790943146, 0.463119775056839,
            -0.13142608106136322]);

    [Fact]
    public void BinaryCrossEntropyTakesEveryClassThatIsThere() => Compare(
        new TrainingOptions { BceLoss = true }, 0.3282104730606079,
        [-0.04482356831431389, 0.019867153838276863, -0.06292343884706497, 0.0833333358168602, -0.007904310710728168,
            0.04482357203960419],
        [0.3f, 0, 0.7f, 0, 1, 0]);

    [Theory]
    [InlineData("none", false)]
    [InlineData("soft", false)]
    [InlineData("hard", true)]
    public void PiecesAddUpToTheBatch(string distillation, bool bce)
    {
        TrainingOptions options = s_distil with { Distillation = distillation, BceLoss = bce };
        float[] targets = SoftTargets.Of([0, 2], 3, bce ? 0 : 0.1).Span.ToArray();
        (double whole, float[] gradient) = Run(options, s_logits, targets, s_teacher, 2);
        (double first, float[] head) = Run(options, s_logits[..3], targets[..3], s_teacher[..3], 2);
        (double second, float[] tail) = Run(options, s_logits[3..], targets[3..], s_teacher[3..], 2);
        Assert.Equal(whole, first + second, 1e-6);
        Assert.Equal(gradient, head.Concat(tail));
    }

    [Fact]
    public void SmoothingDoesNotActOnQuestionsPerClass()
    {
        Assert.Equal(0.1, TrainingLoss.Smoothing(new TrainingOptions()));
        Assert.Equal(0, TrainingLoss.Smoothing(new TrainingOptions { BceLoss = true }));
    }

    private static void Compare(TrainingOptions options, double loss, double[] gradient, float[]? targets = null)
    {
        options.Validate();
        targets ??= SoftTargets.Of([0, 2], 3, 0.1).Span.ToArray();
        (double actual, float[] slopes) = Run(options, s_logits, targets, s_teacher, 2);
        Assert.Equal(loss, actual, 1e-6);
        for (int i = 0; i < gradient.Length; i++)
            Assert.Equal(gradient[i], slopes[i], 1e-6);
    }

    private static (double Loss, float[] Gradient) Run(
        TrainingOptions options, float[] logits, float[] targets, float[] teacher, int batch)
    {
        using var backend = new CpuBackend(1);
        using var pool = new BufferPool();
        int count = logits.Length / 3;
        Tensor x = Tensor.From(logits, count, 1, 3);
        x.NeedsGradient = true;
        var tape = new Tape(backend, pool, recording: true);
        using (tape.Enter("loss"))
        {
            (Tensor first, Tensor? second) = new TrainingLoss(options).Of(tape, x, targets, teacher, batch);
            tape.Backward([.. new[] { first, second }.OfType<Tensor>()]);
            return ((double)first.Span[0] + (second?.Span[0] ?? 0), x.Gradient!.Span.ToArray());
        }
    }
}
