using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>The steps back of a block, of a thread's two channels; they leave their share of dB and dC.</summary>
internal readonly struct ScanBackStep<TWeights, TCase>(in ScanShared shared, ArrayView<Float4> bc)
    where TWeights : struct, IWanted
    where TCase : struct, IScanCase
{
    private const int Row = ScanBackwardKernels.Row, Pairs = ScanBackwardKernels.Pairs;

    private readonly ArrayView<Float4> _lines = shared.Lines, _products = shared.OwnProduct, _bc = bc;

    /// <summary>Step <paramref name="i"/>, with delta of the two channels.</summary>
    public ScanSumsPair Run(
        ref ScanBackChannel<TWeights, TCase> low, ref ScanBackChannel<TWeights, TCase> high, int i,
        float lowDelta, float highDelta)
    {
        Float4 line = _lines[i * Pairs], b = _bc[i * Row], c = _bc[(i * Row) + (Row / 2)];
        Float4 dB = default, dC = default;
        ScanSums first = low.GoBack(lowDelta, line.X, line.Z, b, c, ref dB, ref dC);
        ScanSums second = high.GoBack(highDelta, line.Y, line.W, b, c, ref dB, ref dC);
        _products[i * Row * Pairs] = dB;
        _products[((i * Row) + (Row / 2)) * Pairs] = dC;
        return new ScanSumsPair(first, second);
    }
}
