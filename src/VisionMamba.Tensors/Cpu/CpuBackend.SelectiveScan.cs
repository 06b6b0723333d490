using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VisionMamba.Tensors.Cpu;

// Lanes own channels: a piece is one sample and 128 channels, cut into groups of 16. See Ops/SelectiveScan.cs for shapes.
public sealed unsafe partial class CpuBackend
{
    private const int GroupsPerPiece = 8;
    private const int ForwardBlock = 32;

    /// <inheritdoc/>
    public override void SelectiveScanForward(in ScanDirection s, Tensor xz, float scale, bool accumulate, Tensor y)
    {
        var view = new ScanView(s, xz, scale);
        OverSamplesAndChannels(view.Batch, view.Inner, (sample, from, to) =>
            ScanPiece(view, sample, from, to, accumulate, y.Pointer));
    }

    /// <summary>Blocks of steps outside, groups of channels inside: the rows are read in whole, not in 64-byte pieces.</summary>
    private static void ScanPiece(in ScanView view, int sample, int from, int to, bool accumulate, float* y)
    {
        int row = view.State * Simd.Lanes, groups = (to - from + Simd.Lanes - 1) / Simd.Lanes;
        float* a2 = Scratch.Take((2L * groups * row) + (3 * ForwardBlock * Simd.Lanes));
        float* h = a2 + (groups * row), delta = h + (groups * row);
        float* deltaU = delta + (ForwardBlock * Simd.Lanes), sum = deltaU + (ForwardBlock * Simd.Lanes);
        for (int group = 0; group < groups; group++)
            view.LoadA(from + (group * Simd.Lanes), Math.Min(Simd.Lanes, to - from - (group * Simd.Lanes)), a2 + (group * row));
        new Span<float>(h, groups * row).Clear();
        for (int first = 0; first < view.Length; first += ForwardBlock)
        {
            int steps = Math.Min(ForwardBlock, view.Length - first);
            float* b = view.B(sample, first);
            for (int group = 0; group < groups; group++)
            {
                int c = from + (group * Simd.Lanes), count = Math.Min(Simd.Lanes, to - c);
                view.LoadBlock(sample, c, count, first, steps, delta, deltaU);
                ScanKernels.Advance(
                    delta, deltaU, a2 + (group * row), h + (group * row), b, view.BStride, steps, view.State, sum);
                StoreGated(view, sample, c, count, first, steps, accumulate, sum, y);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreGated(
        in ScanView view, int sample, int c, int count, int first, int steps, bool accumulate, float* sum, float* y)
    {
        Vector512<float> d = view.D(c, count), scale = Vector512.Create(view.Scale);
        for (int i = 0; i < steps; i++)
        {
            long row = view.Row(sample, view.Token(first + i));
            Vector512<float> s = Simd.Fma(d, view.U(row, c, count), Vector512.Load(sum + (i * Simd.Lanes)));
            Vector512<float> value = s * Simd.Silu(view.Z(row, c, count)) * scale;
            float* to = y + (row * view.Inner) + c;
            if (accumulate)
                Simd.Add(value, to, count);
            else
                Simd.Store(value, to, count);
        }
    }
}
