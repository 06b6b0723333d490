namespace VisionMamba.Tensors.Cpu;

// Lanes own channels: a piece is one sample and 128 channels, cut into groups of a
// vector. See Ops/SelectiveScan.cs for shapes.
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override bool ScansInPlace => true;

    /// <inheritdoc/>
    public override void SelectiveScanForward(in ScanDirection s, Tensor xz, float scale, bool accumulate, Tensor y)
    {
        var view = new ScanView(s, xz, scale, Scratch.TakeForKernel(ScanView.RatesCount(s)));
        OverChannels(view.Inner, new ScanRatesKernel(_vectors, view));
        OverSamplesAndChannels(view.Batch, view.Inner, new ScanKernel(_vectors, view, accumulate, y));
    }

    private readonly struct ScanRatesKernel(VectorKernels vectors, ScanView view) : IRange
    {
        public void Run(int from, int to) => vectors.ScanRates(view, from, to);
    }

    private readonly struct ScanKernel(VectorKernels vectors, ScanView view, bool accumulate, Tensor y) : ISampleRange
    {
        public void Run(int sample, int from, int to) =>
            vectors.ScanForward(view, sample, from, to, accumulate, y.Pointer);
    }
}
