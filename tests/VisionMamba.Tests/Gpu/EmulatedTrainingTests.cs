using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Tests.Training;
using VisionMamba.Training;

namespace VisionMamba.Tests.Gpu;

/// <summary>
/// Whole runs on the emulated device: steps, clipping, moving average, validation and checkpoints as on the processor,
/// and a run that was cut goes on with the same bits.
/// </summary>
public sealed class EmulatedTrainingTests(EmulatedDevice device) : TinyTraining, IClassFixture<EmulatedDevice>
{
    private static readonly TrainingOptions s_options = Options with
    {
        Epochs = 1,
        WarmupEpochs = 0,
        ModelEma = true,
        ModelEmaDecay = 0.9,
        ClipGradient = 0.5,
        ClipMode = "norm",
        MicroBatch = 5,
    };

    [Fact]
    public void ARunEqualsTheProcessorsAndGoesOnWithTheSameBits()
    {
        Train("cpu", Model("svp"), new Recorder(), s_options);
        Train(device.Backend, "device", Model("svp"), new Recorder(), s_options);
        foreach (string file in (string[])["last.safetensors", "best_ema.safetensors"])
            Near(Load("cpu", file), Load("device", file), file);

        using var cancel = new CancellationTokenSource();
        Train(
            device.Backend, "cut", Model("svp"), new Recorder { CancelAfter = (2, cancel) }, s_options, cancel);
        Train(device.Backend, "cut", Load("cut", "last.safetensors"), new Recorder(), s_options, resume: true);
        foreach (string file in (string[])["last.safetensors", "best_ema.safetensors"])
            Assert.Equal(File.ReadAllBytes(At("device", file)), File.ReadAllBytes(At("cut", file)));
    }

    private VisionMambaModel Load(string run, string file) =>
        ModelFile.Load(At(run, file), new LoadOptions { Copy = true }).Model;

    /// <summary>
    /// Within 1 % of what training changed: where gradients are almost 0, Adam divides noise by noise.
    /// </summary>
    private static void Near(VisionMambaModel expected, VisionMambaModel actual, string file)
    {
        VisionMambaModel start = Model("svp");
        foreach (Tensor weight in expected.Parameters.All)
        {
            float[] a = weight.Span.ToArray(), b = actual.Parameters[weight.Name!].Span.ToArray();
            float[] before = start.Parameters[weight.Name!].Span.ToArray();
            double change = a.Zip(before, (x, y) => (double)(x - y) * (x - y)).Sum();
            double apart = a.Zip(b, (x, y) => (double)(x - y) * (x - y)).Sum();
            Assert.True(
                apart <= 1e-4 * change, $"{file}: {weight.Name} is {Math.Sqrt(apart)} apart after {Math.Sqrt(change)}");
        }
    }
}
