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
        {
            float* scratch = Scratch.Take(Simd.Lanes * ((2 * view.State) + (3 * ForwardBlock)));
            for (int c = from; c < to; c += Simd.Lanes)
                ScanGroup(view, sample, c, Math.Min(Simd.Lanes, to - c), accumulate, y.Pointer, scratch);
        });
    }

    private static void ScanGroup(
        in ScanView view, int sample, int c, int count, bool accumulate, float* y, float* scratch)
    {
        int state = view.State;
        float* a2 = scratch, h = a2 + (state * Simd.Lanes), delta = h + (state * Simd.Lanes);
        float* deltaU = delta + (ForwardBlock * Simd.Lanes), sum = deltaU + (ForwardBlock * Simd.Lanes);
        view.LoadA(c, count, a2);
        new Span<float>(h, state * Simd.Lanes).Clear();
        for (int first = 0; first < view.Length; first += ForwardBlock)
        {
            int steps = Math.Min(ForwardBlock, view.Length - first);
            view.LoadBlock(sample, c, count, first, steps, delta, deltaU);
            for (int i = 0; i < steps; i++)
            {
                float* b = view.B(view.Row(sample, view.Token(first + i)));
                Vector512<float> s = Advance(
                    Vector512.Load(delta + (i * Simd.Lanes)), Vector512.Load(deltaU + (i * Simd.Lanes)), b, a2, h, state);
                s.Store(sum + (i * Simd.Lanes));
            }

            StoreGated(view, sample, c, count, first, steps, accumulate, sum, y);
        }
    }

    /// <summary>h = exp2(delta a2) h + deltaU B for all states; returns C h.</summary>
    private static Vector512<float> Advance(
        Vector512<float> delta, Vector512<float> deltaU, float* b, float* a2, float* h, int state)
    {
        Vector512<float> even = Vector512<float>.Zero, odd = Vector512<float>.Zero;
        int n = 0;
        for (; n + 2 <= state; n += 2)
        {
            float* h0 = h + (n * Simd.Lanes), a0 = a2 + (n * Simd.Lanes);
            Vector512<float> e0 = Simd.Exp2(delta * Vector512.Load(a0));
            Vector512<float> e1 = Simd.Exp2(delta * Vector512.Load(a0 + Simd.Lanes));
            Vector512<float> s0 = Simd.Fma(e0, Vector512.Load(h0), deltaU * Vector512.Create(b[n]));
            Vector512<float> s1 = Simd.Fma(e1, Vector512.Load(h0 + Simd.Lanes), deltaU * Vector512.Create(b[n + 1]));
            s0.Store(h0);
            s1.Store(h0 + Simd.Lanes);
            even = Simd.Fma(s0, Vector512.Create(b[state + n]), even);
            odd = Simd.Fma(s1, Vector512.Create(b[state + n + 1]), odd);
        }

        if (n < state)
        {
            float* last = h + (n * Simd.Lanes);
            Vector512<float> e = Simd.Exp2(delta * Vector512.Load(a2 + (n * Simd.Lanes)));
            Vector512<float> s = Simd.Fma(e, Vector512.Load(last), deltaU * Vector512.Create(b[n]));
            s.Store(last);
            even = Simd.Fma(s, Vector512.Create(b[state + n]), even);
        }

        return even + odd;
    }

    private static void StoreGated(
        in ScanView view, int sample, int c, int count, int first, int steps, bool accumulate, float* sum, float* y)
    {
        Vector512<float> d = view.D(c, count);
        for (int i = 0; i < steps; i++)
        {
            long row = view.Row(sample, view.Token(first + i));
            Vector512<float> s = Simd.Fma(d, view.U(row, c, count), Vector512.Load(sum + (i * Simd.Lanes)));
            Vector512<float> value = s * Simd.Silu(view.Z(row, c, count)) * view.Scale;
            float* to = y + (row * view.Inner) + c;
            if (accumulate)
                Simd.Add(value, to, count);
            else
                Simd.Store(value, to, count);
        }
    }
}
