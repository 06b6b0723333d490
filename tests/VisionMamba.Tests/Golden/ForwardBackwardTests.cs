using VisionMamba.Models;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Training.Losses;

namespace VisionMamba.Tests.Golden;

/// <summary>
/// The published implementation's numbers: logits, tokens and every block's two outputs within 1e-5 of their scale,
/// every gradient within 1e-4 of its scale.
/// </summary>
public sealed class ForwardBackwardTests(ITestOutputHelper output)
{
    public static IEnumerable<TheoryDataRow<string>> Cases => ModelCase.Names("forward_backward");

    [Theory]
    [MemberData(nameof(Cases))]
    public void EqualsTheReference(string name)
    {
        ModelCase reference = ModelCase.Open(name);
        VisionMambaModel model = reference.Load();
        using var backend = new CpuBackend(2);
        using var pool = new BufferPool();
        var tape = new Tape(backend, pool, recording: true);
        int compared = 0;
        tape.Observer = (value, tensor) =>
        {
            Compare(reference, value, tensor.Span, 1e-5);
            compared++;
        };
        using (tape.Enter("step"))
        {
            Tensor image = reference.Tensors.Tensors["image"].ToTensor();
            Tensor logits = model.Forward(tape, image, ForwardContext.Evaluation);
            Compare(reference, "logits", logits.Span, 1e-5);
            double smoothing = reference.Entry.GetProperty("label_smoothing").GetDouble();
            long[] labels = reference.Tensors.Tensors["target"].ToInt64();
            Tensor targets = SoftTargets.Of([.. labels.Select(l => (int)l)], model.Config.Classes, smoothing);
            Tensor loss = tape.SoftmaxCrossEntropy(logits, targets);
            Compare(reference, "loss", loss.Span, 1e-5);
            tape.Backward(loss);
        }

        Assert.Equal((2 * model.Config.Depth) + 1, compared);
        CompareGradients(reference, model);
        Assert.Equal(0, pool.InUse);
    }

    private void CompareGradients(ModelCase reference, VisionMambaModel model)
    {
        string[] trainable = [.. reference.Entry.GetProperty("trainable").EnumerateArray().Select(e => e.GetString()!)];
        Assert.Equal(trainable.Order(), model.Parameters.Trainable.Select(p => p.Name!).Order());
        foreach (string parameter in trainable)
            Compare(reference, $"grad.{parameter}", model.Parameters[parameter].Gradient!.Span, 1e-4);
        foreach (Tensor frozen in model.Parameters.All.Where(p => !p.NeedsGradient))
            Assert.Null(frozen.Gradient);
    }

    private void Compare(ModelCase reference, string name, ReadOnlySpan<float> actual, double tolerance)
    {
        float[] expected = reference.Values(name);
        Assert.Equal(expected.Length, actual.Length);
        double scale = expected.Max(Math.Abs), worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(float.IsFinite(actual[i]), $"{name}[{i}] is {actual[i]}");
            worst = Math.Max(worst, Math.Abs(actual[i] - (double)expected[i]));
        }

        output.WriteLine($"{name}: {worst / Math.Max(scale, 1e-30):E1} of its scale {scale:E1}");
        Assert.True(worst <= tolerance * scale, $"{name} differs by {worst:E2}, its scale is {scale:E2}");
    }
}
