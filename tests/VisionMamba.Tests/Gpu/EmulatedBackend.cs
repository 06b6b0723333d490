using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using VisionMamba.Gpu;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Tests.Gpu;

/// <summary>One emulated device for all tests of a class: threads and compiled kernels are costly to make.</summary>
public sealed class EmulatedDevice : IDisposable
{
    private readonly EmulatedBackend _backend = EmulatedBackend.Create();

    internal GpuBackend Backend => _backend;

    public void Dispose() => _backend.Dispose();
}

/// <summary>
/// The GPU's kernels on ILGPU's emulation of a device, over the tensors' memory on the host; what is no kernel of
/// theirs is computed by the processor.
/// </summary>
internal sealed unsafe class EmulatedBackend : GpuBackend
{
    private readonly Context _context;
    private readonly CpuBackend _cpu = new(1);

    private EmulatedBackend(Context context, Accelerator accelerator)
        : base(accelerator) => _context = context;

    public override string Description => "emulated";

    /// <summary>
    /// Warps of 32 as on CUDA, groups of up to 256 threads, and so many groups at a time as there are
    /// <paramref name="processors"/>.
    /// </summary>
    public static EmulatedBackend Create(int processors = 1)
    {
        Context context = Context.Create(b => b.CPU(new CPUDevice(32, 8, processors)).Optimize(OptimizationLevel.O2));
        return new EmulatedBackend(context, context.CreateCPUAccelerator(0, CPUAcceleratorMode.Parallel));
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing)
            return;
        Accelerator.Dispose();
        _context.Dispose();
        _cpu.Dispose();
    }

    private protected override ArrayView<float> MemoryOf(Tensor x) =>
        CPUMemoryBuffer.Create(Accelerator, (nint)x.Pointer, x.Count, sizeof(float)).AsArrayView<float>(0, x.Count);

    public override void Clear(Tensor x) =>
        _cpu.Clear(x);

    public override double SumOfSquares(Tensor x) =>
        _cpu.SumOfSquares(x);

    public override void Scale(Tensor x, float f) =>
        _cpu.Scale(x, f);

    public override bool AllFinite(Tensor x) =>
        _cpu.AllFinite(x);

    public override void BinaryCrossEntropyForward(double weight, Tensor logits, Tensor targets, Tensor loss) =>
        _cpu.BinaryCrossEntropyForward(weight, logits, targets, loss);

    public override void BinaryCrossEntropyBackward(
        double weight, Tensor logits, Tensor targets, Tensor dLoss, Tensor dLogits) =>
        _cpu.BinaryCrossEntropyBackward(weight, logits, targets, dLoss, dLogits);

    public override void CopyTokens(Tensor from, int fromStart, Tensor to, int toStart, int count, bool accumulate) =>
        _cpu.CopyTokens(from, fromStart, to, toStart, count, accumulate);

    public override void Clamp(Tensor x, float limit) =>
        _cpu.Clamp(x, limit);

    public override void ClipByUnit(Tensor gradient, Tensor weight, double factor, double epsilon) =>
        _cpu.ClipByUnit(gradient, weight, factor, epsilon);

    public override void InsertClassTokenForward(
        Tensor patches, Tensor classToken, Tensor? positions, int at, Tensor y) =>
        _cpu.InsertClassTokenForward(patches, classToken, positions, at, y);

    public override void InsertClassTokenBackward(
        Tensor dY, int at, Tensor? dPatches, Tensor? dClassToken, Tensor? dPositions) =>
        _cpu.InsertClassTokenBackward(dY, at, dPatches, dClassToken, dPositions);

    public override void LinearForward(Tensor x, Tensor weight, Tensor? bias, Tensor y) =>
        _cpu.LinearForward(x, weight, bias, y);

    public override void LinearBackward(
        Tensor x, Tensor weight, Tensor dY, Tensor? dX, Tensor? dWeight, Tensor? dBias) =>
        _cpu.LinearBackward(x, weight, dY, dX, dWeight, dBias);

    public override void PatchesForward(Tensor image, int patch, int stride, Tensor patches) =>
        _cpu.PatchesForward(image, patch, stride, patches);

    public override void PatchesBackward(Tensor dPatches, int patch, int stride, Tensor dImage) =>
        _cpu.PatchesBackward(dPatches, patch, stride, dImage);

    public override void SoftmaxCrossEntropyForward(
        in CrossEntropyArguments a, Tensor logits, Tensor targets, Tensor probabilities, Tensor loss) =>
        _cpu.SoftmaxCrossEntropyForward(in a, logits, targets, probabilities, loss);

    public override void SoftmaxCrossEntropyBackward(
        in CrossEntropyArguments a, Tensor probabilities, Tensor targets, Tensor dLoss, Tensor dLogits) =>
        _cpu.SoftmaxCrossEntropyBackward(in a, probabilities, targets, dLoss, dLogits);

    public override void ActivateForward(in ActivateArguments a, Tensor y) =>
        _cpu.ActivateForward(a, y);

    public override void ActivateBackward(in ActivateArguments a, Tensor dY, Tensor dX) =>
        _cpu.ActivateBackward(a, dY, dX);

    public override void ArrangeTokensForward(in ArrangeTokensArguments a, Tensor y) =>
        _cpu.ArrangeTokensForward(a, y);

    public override void ArrangeTokensBackward(in ArrangeTokensArguments a, Tensor dY, Tensor? dX, Tensor? dTokens) =>
        _cpu.ArrangeTokensBackward(a, dY, dX, dTokens);

    public override void CopyColumns(
        Tensor from, int fromStart, Tensor to, int toStart, int count, bool accumulate, float scale) =>
        _cpu.CopyColumns(from, fromStart, to, toStart, count, accumulate, scale);

    public override void PixelPromptForward(Tensor image, Tensor prompt, int[] pixels, Tensor y) =>
        _cpu.PixelPromptForward(image, prompt, pixels, y);

    public override void PixelPromptBackward(Tensor dY, int[] pixels, Tensor? dImage, Tensor? dPrompt) =>
        _cpu.PixelPromptBackward(dY, pixels, dImage, dPrompt);

    public override void TanhForward(Tensor x, Tensor y) =>
        _cpu.TanhForward(x, y);

    public override void TanhBackward(Tensor y, Tensor dY, Tensor dX) =>
        _cpu.TanhBackward(y, dY, dX);
}
